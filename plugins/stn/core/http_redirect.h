// Where an answer sends a request next, and what of the request goes there.
#pragma once
#include <string>
#include <string_view>

#include "sdk/pure/http1.h"
#include "sdk/pure/url.h"

namespace tharsis::stn {

// What a Location means, seen from the URL that was asked: absolute, "//host/x", "/x", "x/../y", "?q". A fragment
// is dropped, bytes that should have been percent-encoded are.
//   THARSIS_E_INVALID  it is no URL, or none that is http or https.
result<url> follow_reference(const url& from, std::string_view reference);

bool is_redirect(int status);  // 301, 302, 303, 307 or 308.

bool same_origin(const url& a, const url& b);

// Turns the request into the one that follows: 303 has everything but HEAD asked with GET, 301 and 302 a POST,
// as all browsers do. Another origin gets no Authorization, Cookie, Proxy-Authorization or Host. True: its body
// goes along.
bool redirect_request(int status, const url& from, const url& to, std::string& method, http1::field_list& fields);

}  // namespace tharsis::stn
