// Codec `mars`: Mars' long-link frame (mars_frame.h), byte for byte. It has no settings.
#pragma once
#include "sdk/abi/stn_codec.h"

namespace tharsis {

const tharsis_stn_codec& mars_codec();

}  // namespace tharsis
