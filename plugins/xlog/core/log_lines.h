// The lines of one log file that a query wants, in the order of the file, and what is damaged in it. Whole blocks whose
// headers or texts exclude them are never opened.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "plugins/xlog/core/file_walk.h"
#include "plugins/xlog/core/log_line.h"
#include "plugins/xlog/core/query.h"
#include "plugins/xlog/core/recovered_lines.h"
#include "plugins/xlog/core/word_search.h"

namespace tharsis::xlog {

class log_lines final : public line_source, private frame_choice {
 public:
  // `recorded`: only lines that were recorded, or only others; with the former nothing else is told. All references must
  // outlive this.
  log_lines(byte_window& bytes, const private_key* key, const query& wanted, std::optional<bool> recorded = {});
  log_lines(byte_window& bytes, const private_key* key, query&& wanted, std::optional<bool> recorded = {}) = delete;
  ~log_lines() override;

  step next() override;
  const damage& told() const override { return walk_.told(); }
  int64_t earliest() const override { return earliest_; }
  uint64_t position() const override { return walk_.position(); }
  bool complete() const override { return walk_.complete(); }
  uint64_t frames() const override { return walk_.frames(); }
  left_out_facts missing_by_choice() const override { return walk_.missing_by_choice(); }
  std::optional<segment_id> writer() const override { return writer_; }
  const std::set<segment_id>& kept() const override { return kept_; }

  const file_walk& walk() const { return walk_; }
  // Blocks that were opened.
  uint64_t blocks_opened() const { return blocks_opened_; }

 private:
  struct asked {  // Of a site's argument.
    size_t argument;
    const condition* what;
  };
  struct known_site {
    site of;
    site_format format;
    bool wanted;
    std::vector<asked> conditions;
    word_search::reach reach;
  };
  enum class state { between, block_found, in_block, recovered_found, in_recovered };

  bool wants_block(const frame_header& h, const block_extra& e) override;
  bool wants_note(const frame_header& h) override;
  void on_site(uint32_t number, const site& s) override;
  std::optional<step> on_frame(file_walk::step s);

  std::unique_ptr<known_site> know(const site& s) const;
  const known_site* site_of(uint32_t number) const { return number < sites_.size() ? sites_[number].get() : nullptr; }
  bool may_hold_words(const frame_header& h);
  void open_block();
  bool next_row();
  void tell_unreadable();
  void peek_recovered();
  void open_recovered();
  bool next_recovered();
  bool take_note();
  bool wants(const known_site& s);
  bool has_words();
  uint64_t thread_of(uint32_t ring) const;

  const query& wanted_;
  const std::optional<bool> recorded_;
  const bool filters_sites_;
  const word_search words_;
  file_walk walk_;
  state state_ = state::between;
  int64_t earliest_ = 0;
  record note_;
  std::vector<std::unique_ptr<known_site>> sites_;  // By number.
  uint64_t wanted_sites_ = 0;                       // Bits, as in frame headers.
  uint64_t blocks_opened_ = 0;
  // Lines of the block that cannot be read, by their site.
  std::map<uint32_t, uint64_t> unknown_sites_, damaged_sites_;
  clock_anchor anchor_;
  std::array<uint64_t, 256> threads_{};             // By ring; of the block.
  std::map<uint32_t, uint64_t> more_threads_;
  std::unique_ptr<recovered_lines> dead_;
  std::vector<std::unique_ptr<known_site>> dead_sites_;
  std::vector<std::string_view> dead_texts_;
  byte_sink scratch_;
  std::optional<segment_id> writer_;
  std::set<segment_id> kept_;
};

}  // namespace tharsis::xlog
