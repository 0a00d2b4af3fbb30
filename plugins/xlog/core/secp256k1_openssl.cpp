#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include <algorithm>
#include <memory>

#include "plugins/xlog/core/mars_cipher.h"

namespace tharsis::xlog {
namespace {

struct free_part {
  void operator()(EC_GROUP* group) const { EC_GROUP_free(group); }
  void operator()(EC_POINT* point) const { EC_POINT_clear_free(point); }
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};
template <class T>
using part = std::unique_ptr<T, free_part>;

// What one multiplication needs; an OpenSSL without the curve gives none.
struct arithmetic {
  part<EC_GROUP> group{EC_GROUP_new_by_curve_name(NID_secp256k1)};
  part<BN_CTX> context{BN_CTX_secure_new()};
  part<EC_POINT> point{group ? EC_POINT_new(group.get()) : nullptr};
  part<EC_POINT> product{group ? EC_POINT_new(group.get()) : nullptr};

  bool works() const { return group && context && point && product; }

  // From 1 to below the group's order.
  part<BIGNUM> scalar_of(const secret& from) const {
    part<BIGNUM> scalar(BN_secure_new());
    const auto bytes = from.open();
    if (!scalar || BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), scalar.get()) == nullptr) return nullptr;
    BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
    if (BN_is_zero(scalar.get()) || BN_cmp(scalar.get(), EC_GROUP_get0_order(group.get())) >= 0) return nullptr;
    return scalar;
  }
  // The product, with the byte in front that says uncompressed.
  std::optional<std::array<uint8_t, 65>> coordinates() const {
    std::array<uint8_t, 65> bytes{};
    const size_t size = EC_POINT_point2oct(group.get(), product.get(), POINT_CONVERSION_UNCOMPRESSED, bytes.data(), bytes.size(), context.get());
    return size == bytes.size() ? std::optional(bytes) : std::nullopt;
  }
};

}  // namespace

std::optional<mars_point> mars_public(const secret& mine) {
  const arithmetic with;
  const auto scalar = with.works() ? with.scalar_of(mine) : nullptr;
  if (!scalar || EC_POINT_mul(with.group.get(), with.product.get(), scalar.get(), nullptr, nullptr, with.context.get()) != 1) return {};
  const auto bytes = with.coordinates();
  if (!bytes) return {};
  mars_point open{};
  std::copy(bytes->begin() + 1, bytes->end(), open.begin());
  return open;
}

std::optional<secret> mars_agree(const secret& mine, const mars_point& theirs) {
  const arithmetic with;
  const auto scalar = with.works() ? with.scalar_of(mine) : nullptr;
  std::array<uint8_t, 65> point{4};
  std::copy(theirs.begin(), theirs.end(), point.begin() + 1);
  // Refuses what is not on the curve.
  if (!scalar || EC_POINT_oct2point(with.group.get(), with.point.get(), point.data(), point.size(), with.context.get()) != 1 ||
      EC_POINT_mul(with.group.get(), with.product.get(), nullptr, with.point.get(), scalar.get(), with.context.get()) != 1) {
    ERR_clear_error();
    return {};
  }
  auto bytes = with.coordinates();
  if (!bytes) return {};
  const secret agreed(std::span<const uint8_t>(*bytes).subspan<1, key_size>());
  wipe(*bytes);
  return agreed;
}

}  // namespace tharsis::xlog
