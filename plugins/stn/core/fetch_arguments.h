// What was typed behind `tharsis stn fetch`.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"
#include "sdk/pure/http1.h"
#include "sdk/pure/proxy.h"
#include "sdk/pure/time.h"
#include "sdk/pure/url.h"

namespace tharsis::stn {

struct fetch_arguments {
  url to;
  std::optional<std::string> method;  // None: GET, or POST where there is data.
  http1::field_list fields;
  std::optional<std::string> data, data_file;  // One of them at most.
  std::string output;                          // As typed; empty: the body is printed.
  std::string ca;                              // As typed.
  std::optional<proxy> through;
  duration timeout = 300s;
  bool plain = false, raw = false, include = false, redirect = true, json = false, help = false;
  bool http1 = false, http2 = false;  // This HTTP and no other; one of them at most.
};

// A failure is a sentence for the person who typed it.
result<fetch_arguments> parse_fetch_arguments(const std::vector<std::string>& words);

extern const std::string_view fetch_help;

}  // namespace tharsis::stn
