#include "plugins/xlog/reader_service.h"

#include <utility>

#include "plugins/xlog/core/log_reader.h"
#include "plugins/xlog/core/mars_reader.h"
#include "plugins/xlog/core/settings.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

using line_function = void (*)(void*, const tharsis_log_record*);

// From a log_reader or a mars_reader; `bytes`: what the file begins with.
template <class Reader>
error read_all(Reader& lines, const file_reader& file, const std::string& name, std::string bytes, line_function on_line, void* context) {
  std::string damage;
  uint64_t offset = 0;
  for (;;) {
    offset += bytes.size();
    const bool last = bytes.size() < read_size;
    lines.on_bytes(bytes);
    if (last) lines.on_end();
    while (const auto i = lines.take()) {
      if (!i->damage.empty()) {
        if (damage.empty() && !i->cut) damage = name + ": " + i->damage;
        continue;
      }
      const tharsis_log_record r = shown(i->value);
      on_line(context, &r);
    }
    if (last) break;
    auto next = file.read(offset, read_size);
    if (!next) return next.failure();
    bytes = std::move(*next);
  }
  if (damage.empty()) return {THARSIS_OK, {}};
  return {lines.sealed() ? THARSIS_E_DENIED : THARSIS_E_PROTOCOL, damage};
}

}  // namespace

tharsis_status read_log(const tharsis_files* files, tharsis_text path, line_function on_line, void* context, tharsis_error* error) {
  const std::string name(view(path));
  const auto file = file_reader::open(files, name);
  if (!file) return fail(error, file.failure());
  auto bytes = file->read(0, read_size);
  if (!bytes) return fail(error, bytes.failure());
  const bool whole = bytes->size() < read_size;
  tharsis::error failure{THARSIS_OK, {}};
  if (!may_be_log(*bytes, whole) && may_be_mars(*bytes)) {
    mars_reader lines;
    failure = read_all(lines, *file, name, std::move(*bytes), on_line, context);
  } else {
    log_reader lines;
    failure = read_all(lines, *file, name, std::move(*bytes), on_line, context);
  }
  return failure.status == THARSIS_OK ? THARSIS_OK : fail(error, failure);
}

}  // namespace tharsis::xlog
