// Keys that a setting or a word of the command line names. [may block]
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/key_file.h"
#include "sdk/abi/files.h"

namespace tharsis::xlog {

// Each of `given` is a public key's text or the path of its file; relative paths start at `folder`. `what` names
// the list in errors: "xlog.encrypt.to". One that cannot be used fails them all: nobody logs in the clear,
// or for fewer readers, because of a slip. A key that is named twice counts once.
result<std::vector<public_key>> read_recipients(const tharsis_files* files, const std::string& folder,
                                                const std::vector<std::string>& given, std::string_view what);

// `path` as in read_recipients.
result<private_key> read_private_key(const tharsis_files* files, const std::string& folder, const std::string& path);

}  // namespace tharsis::xlog
