// Codec `length-prefixed`: a length and a small envelope, for servers that somebody writes anew.
//
//     [length][kind u8][sequence u32][command u32][body]
//
// The length counts what stands behind it (with `includes_itself` itself too). plugins/stn/README.md tells the kinds
// and what a server does with each. Settings, with their defaults:
//
//     prefix: 4               bytes of the length: 1, 2, 4 or 8
//     order: big              of all numbers: big or little
//     includes_itself: false
//     max: 1MiB               bytes behind the length at most
#pragma once
#include "sdk/abi/stn_codec.h"

namespace tharsis {

const tharsis_stn_codec& length_prefixed_codec();

}  // namespace tharsis
