// Rings of a process whose files are sealed for a key of Mars': nothing of a line is to be readable beside these files either.
// A pair of keys is made for the segment, its private one sealed for Mars', and all else is as for recipients of ours:
//
//   0    4 bytes "MARS"
//   4    64 bytes: a point of secp256k1, made for this alone
//   68   32 bytes: the private key, combined with HKDF-SHA256 of the secret that is agreed upon
//   100  the envelope, see core/envelope.h
//
// So whoever takes over such a process cannot read its last lines: they travel as they are, and Mars' key opens them.
#pragma once
#include "plugins/xlog/core/keystream.h"
#include "plugins/xlog/core/mars_cipher.h"

namespace tharsis::xlog {

result<new_keystream> make_mars_keystream(const mars_point& recipient, const tharsis_random& random, const unique_id& id);

bool is_wrapped_for_mars(byte_view wrapped);
// Of such bytes. THARSIS_E_DENIED: the key is another one, or none of Mars'.
result<keystream> unwrap_mars_keystream(byte_view wrapped, const private_key& key);

}  // namespace tharsis::xlog
