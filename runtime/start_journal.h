// Remembers on disk which plugin is being loaded or started, so that the next start knows whom a crash
// interrupted, and leaves it out once.
//
// STATE/.starting/NAME holds a line for every step that begins ("create stn") and one for its end ("- stn").
// The file is never synced: it outlives a process that dies, and a loss of power is nobody's fault.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "sdk/abi/files.h"

namespace tharsis::runtime {

// By plugin the step in which the process died.
using interrupted_steps = std::map<std::string, std::string>;

// What a journal's text says; a last line without its end was never written whole and does not count.
interrupted_steps read_start_journal(std::string_view text);

class start_journal {
 public:
  // `files` outlives it.
  explicit start_journal(const tharsis_files* files) : files_(files) {}
  ~start_journal();
  start_journal(const start_journal&) = delete;

  // Whom the last start was interrupted in; this start begins with an empty journal. Where no file can be
  // kept, or another runtime keeps it, nothing is remembered. [may block]
  interrupted_steps open(const std::string& state_folder, const std::string& name);

  // An end without a begin is none. [may block]
  void begin(const std::string& plugin, std::string_view step);
  void end(const std::string& plugin);
  // Nobody is being started from now on, whatever comes. [may block]
  void forget();

 private:
  std::string text_of_last(tharsis_handle file) const;
  void write(const std::string& line);
  void start_over();

  const tharsis_files* files_;
  std::string path_;
  tharsis_handle lock_ = 0;
  tharsis_handle file_ = 0;
  size_t written_ = 0;
  std::set<std::string> open_;  // Plugins that are in a step.
};

}  // namespace tharsis::runtime
