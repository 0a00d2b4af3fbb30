// The minor links that there are, by host.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/stn/core/minor_links.h"
#include "plugins/stn/core/settings.h"
#include "plugins/stn/link_directory.h"

namespace tharsis::stn {

class minor_links {
 public:
  // `links` outlive it.
  minor_links(const settings& s, link_directory& links);

  // Those of this name, to this host or, where that is empty, to the first of the profile.
  //   THARSIS_E_NOT_FOUND  there are none of this name.
  //   THARSIS_E_INVALID    the profile does not allow the host, or it means nothing.
  // [any thread]
  result<minor_request> request_of(std::string_view name, std::string_view host) const;

  // The link for the task; link_directory::none: none is available. `is_new`: it was made for it, and is to be
  // started. [own strand, as the following]
  longlink* choose(const minor_request& r, bool& is_new);
  // Is it a minor link that rests, so that it may go?
  bool may_go(const longlink& link) const;
  // It goes, or has gone.
  void remove(size_t number, const std::string& sentence);

 private:
  using key = std::pair<uint32_t, std::string>;
  struct pool {
    minor_settings settings;
    link_settings model;  // But for the endpoint.
  };
  static endpoint place_of(const pool& p, const std::string& host);
  void forget_gone();
  longlink* open(const minor_request& r, std::vector<size_t>& to_host);
  bool make_room(const minor_request& r);
  size_t count(uint32_t number) const;

  std::vector<pool> pools_;
  link_directory& links_;
  std::map<key, std::vector<size_t>> by_host_;  // Their numbers.
};

}  // namespace tharsis::stn
