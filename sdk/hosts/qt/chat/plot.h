// How long answers took, as a line over the last ones; what got no answer is a red mark.
#pragma once
#include <QPainter>
#include <QWidget>
#include <algorithm>
#include <deque>

class Plot : public QWidget {
 public:
  explicit Plot(QWidget* parent = nullptr) : QWidget(parent) { setMinimumHeight(120); }

  // Milliseconds; negative: there was no answer.
  void add(double ms) {
    values_.push_back(ms);
    if (values_.size() > kept) values_.pop_front();
    update();
  }
  double last() const { return values_.empty() ? -1 : values_.back(); }
  size_t count() const { return values_.size(); }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    p.fillRect(rect(), palette().base());
    const double top = std::max(1.0, *std::max_element(values_.begin(), values_.end(), std::less<>()) * 1.25);
    const double step = width() / static_cast<double>(kept - 1);
    const auto at = [&](size_t i) { return QPointF(static_cast<double>(i) * step, height() - 4 - values_[i] / top * (height() - 24)); };
    p.setPen(palette().color(QPalette::Mid));
    p.drawText(QRect(6, 2, width() - 12, 16), Qt::AlignLeft, QString::number(top, 'f', 1) + " ms");
    p.drawLine(0, height() - 4, width(), height() - 4);
    for (size_t i = 0; i < values_.size(); ++i) {
      p.setPen(QPen(values_[i] < 0 ? QColor(0xc0, 0x30, 0x30) : QColor(0x2a, 0x7a, 0xb8), 2));
      if (values_[i] < 0) {
        const double x = static_cast<double>(i) * step;
        p.drawLine(QPointF(x, 20), QPointF(x, height() - 4));
      } else if (i > 0 && values_[i - 1] >= 0) {
        p.drawLine(at(i - 1), at(i));
      } else {
        p.drawPoint(at(i));
      }
    }
  }

 private:
  static constexpr size_t kept = 60;
  std::deque<double> values_;
};
