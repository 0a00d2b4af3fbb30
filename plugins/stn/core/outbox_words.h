// The outbox as a person reads it: names and ages, never bodies. Pure.
#pragma once
#include <string>

#include "plugins/stn/core/outbox.h"

namespace tharsis::stn {

// `now` is when the book was loaded, `wall` the wall clock of then.
std::string outbox_text(const outbox_book& book, const std::string& path, int64_t wall, instant now);
std::string outbox_json(const outbox_book& book, const std::string& path, int64_t wall, instant now);

}  // namespace tharsis::stn
