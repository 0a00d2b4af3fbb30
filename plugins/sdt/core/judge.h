// From observations to verdicts: which fault explains what was seen, who is to blame, how surely, what to do.
//
// Layer by layer, from the device outwards (judge_*.cpp); a layer that is decisive ends it, for what lies behind a
// broken thing cannot be seen. Verdicts live on contrasts: two observations that differ in one factor. How surely is
// the sum of what each adds (claim.h), under caps: 0.6 without a contrast or a repeat, 0.85 with one, 0.97 where the
// mechanism itself was seen. Only the last is ever called proven. Silence is weighed against plain loss of packets.
#pragma once
#include "plugins/sdt/core/verdict.h"

namespace tharsis::sdt {

// Pure and deterministic: the same observations, the same report. Total: whatever was seen, there is a headline.
// [any thread]
report judge(observations seen);

}  // namespace tharsis::sdt
