// SPDX-License-Identifier: Apache-2.0
#include "cli/exit_codes.hpp"

namespace ferry::cli {

int exit_code(Code code) {
  switch (code) {
    case Code::internal:
      return 1;
    case Code::invalid_argument:
      return 2;  // as for a wrong command line
    case Code::unauthenticated:
      return 3;
    case Code::permission_denied:
      return 4;
    case Code::not_found:
      return 5;
    case Code::conflict:
      return 6;
    case Code::precondition_failed:
      return 7;
    case Code::resource_exhausted:
      return 8;
    case Code::unavailable:
      return 9;
    case Code::deadline_exceeded:
      return 10;
    case Code::unsupported:
      return 11;
    case Code::cancelled:
      return 130;  // 128 + SIGINT
  }
  return 1;
}

}  // namespace ferry::cli
