// The conformance kit for codecs: tries one against everything that a wire may do to it, and says for each
// trial whether it passed, or how it failed, with the bytes and the seed.
//
// It plays both sides: what the codec encodes for one it decodes for the other. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sdk/pure/framing.h"

namespace tharsis::stn {

struct codec_trial {
  std::string name;     // "cut at every byte"
  uint64_t tries = 0;   // How often; 0 when the codec does not carry what it needs.
  std::string failure;  // One sentence; empty: it passed.
  uint64_t seed = 0;    // With a failure that chance brought.
  std::vector<uint8_t> bytes;  // The last that the codec was given, at most codec_trial_bytes.

  bool passed() const { return failure.empty(); }
};

inline constexpr size_t codec_trial_bytes = 64;

struct codec_check {
  uint32_t client_version = 200;
  codec_settings settings;
  uint64_t seeds = 200;  // Of the trials with chance.
  uint64_t first_seed = 1;
};

// Every trial in its order, whatever became of those before; only the first when the codec does not open.
std::vector<codec_trial> check_codec(const tharsis_stn_codec& codec, const codec_check& how);

// For a person, a line each, and the failures below; and for a program.
std::string trials_table(const std::string& codec, const std::vector<codec_trial>& trials);
std::string trials_json(const std::string& codec, const std::vector<codec_trial>& trials);

}  // namespace tharsis::stn
