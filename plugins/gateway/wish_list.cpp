#include "plugins/gateway/wish_list.h"

#include <algorithm>

#include "sdk/async/file_reader.h"
#include "sdk/pure/views.h"

namespace tharsis::gateway {
namespace {

constexpr uint64_t wishes_file_max = 64 << 10;

std::string take_line(std::string_view& text) {
  const std::string line(text.substr(0, text.find('\n')));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

}  // namespace

error wish_list::make_folder() const {
  tharsis_error why = no_error();
  const tharsis_status status = files_->make_folder(files_->self, text_of(folder_), &why);
  return status == THARSIS_OK ? fine() : error_from(status, why);
}

result<wish_list::list> wish_list::read(const std::string& source, int64_t wall) const {
  const std::string path = folder_ + "/" + source;
  auto text = read_whole(files_, path, wishes_file_max, "a list of wishes");
  if (text.status() == THARSIS_E_NOT_FOUND) return list{};
  if (!text) return text.failure();
  tharsis_error why = no_error();
  tharsis_file_facts facts{sizeof facts, 0, 0, 0};
  if (const tharsis_status s = files_->describe(files_->self, text_of(path), &facts, &why); s != THARSIS_OK) return error_from(s, why);
  const int64_t written = facts.modified > 0 ? facts.modified : wall;
  return wall - written < wishes_kept_for.count() ? list{std::move(*text), written} : list{};
}

error wish_list::write(const std::string& source, const std::string& text) const {
  const std::string path = folder_ + "/" + source;
  tharsis_error why = no_error();
  const tharsis_status status = text.empty() ? files_->remove(files_->self, text_of(path), &why)
                                             : files_->replace(files_->self, text_of(path), bytes_of(as_bytes(text)), &why);
  return status == THARSIS_OK ? fine() : error_from(status, why);
}

std::vector<shipping::wish> wish_list::of(const std::string& source, int64_t wall) const {
  const auto l = read(source, wall);
  return l ? parse_wishes(l->text, l->written) : std::vector<shipping::wish>();
}

std::vector<std::string> wish_list::sources() const {
  std::vector<std::string> names;
  const auto visit = [](void* context, tharsis_text name) { static_cast<std::vector<std::string>*>(context)->emplace_back(view(name)); };
  files_->list(files_->self, text_of(folder_), visit, &names, nullptr);
  std::erase_if(names, [](const std::string& name) { return !shipping::is_name(name); });
  return names;
}

template <class Change>
error wish_list::locked(Change change) const {
  if (const error failure = make_folder(); failure.status != THARSIS_OK) return failure;
  const std::string path = folder_ + "/.lock";
  tharsis_handle lock = 0;
  tharsis_error why = no_error();
  const tharsis_status status = files_->lock(files_->self, text_of(path), &lock, &why);
  if (status == THARSIS_E_IN_USE) return {status, "somebody else changes the wishes in this moment; try again"};
  if (status != THARSIS_OK) return error_from(status, why);
  const error done = change();
  files_->close(files_->self, lock);
  return done;
}

error wish_list::add(const std::string& source, const std::string& line, int64_t wall) const {
  return locked([&]() -> error {
    const auto wished = parse_wishes(line, wall);
    if (wished.size() != 1) return {THARSIS_E_INVALID, "'" + line + "' is no wish"};
    const auto before = read(source, wall);
    if (!before) return before.failure();
    std::string text = before->text;
    const auto waiting = parse_wishes(text, wall);
    if (std::any_of(waiting.begin(), waiting.end(), [&](const shipping::wish& w) { return w.id == wished[0].id; })) return fine();
    if (waiting.size() >= shipping::wishes_max)
      return {THARSIS_E_FULL, source + " is asked for " + std::to_string(waiting.size()) + " things already, and no more are told; take one away first"};
    if (!text.empty() && text.back() != '\n') text += '\n';
    return write(source, text + line + "\n");
  });
}

error wish_list::take_away(const std::string& source, const std::string& id, int64_t wall) const {
  return locked([&]() -> error {
    const auto before = read(source, wall);
    if (!before) return before.failure();
    std::string left;
    bool found = false;
    for (std::string_view rest = before->text; !rest.empty();) {
      const std::string line = take_line(rest);
      const auto one = parse_wishes(line, wall);
      if (!one.empty() && one[0].id == id) found = true;
      else left += line + "\n";
    }
    return found ? write(source, left) : error{THARSIS_E_NOT_FOUND, source + " is not asked for " + id};
  });
}

}  // namespace tharsis::gateway
