#include "plugins/stn/way_home.h"

namespace tharsis::stn {

void way_home::begin(endpoint to) {
  end();
  to_ = to;
  pace_.on_backup(place_.now(), ways_.random());
  looking_.spawn(look(std::move(to)));
}

void way_home::end() {
  looking_.clear();
  stream_.reset();
  to_.reset();
  pace_.on_own();
}

void way_home::on_network() {
  if (to_) begin(endpoint(*to_));
}

void way_home::on_foreground(bool is) {
  pace_.on_foreground(is);
  changed_.raise();
}

task<void> way_home::look(endpoint to) {
  for (;;) {
    while (place_.now() < pace_.due()) co_await changed_.wait(pace_.due());
    auto wire = co_await dialer_.reach_own(to, pace_.turn(), later(place_.now(), settings_.dial.timeout));
    pace_.on_tried(place_.now(), ways_.random());
    if (!wire) continue;
    stream_ = std::move(*wire);
    found_();
    co_return;
  }
}

}  // namespace tharsis::stn
