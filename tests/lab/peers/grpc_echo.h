// The one method that gRPC's client and server speak. Bytes, no protobuf: what is compared is the way there.
#pragma once
#include <grpcpp/support/byte_buffer.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::lab {

inline constexpr char echo_method[] = "/tharsis.lab.Echo/Echo";

inline std::string text_of(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string text;
  if (!buffer.Dump(&slices).ok()) return text;
  for (const grpc::Slice& slice : slices) text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return text;
}

// gRPC takes keys and certificates as text. No path, no text.
inline result<std::string> read_pem(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream in(path);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in || text.empty()) return error{THARSIS_E_INVALID, path + ": cannot be read"};
  return text;
}

}  // namespace tharsis::lab
