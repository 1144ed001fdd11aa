// SPDX-License-Identifier: Apache-2.0
// fmt's compiled parts, inside the program: the shared libfmt would bring the shared libstdc++ with
// it, and the two cost a small device more than a megabyte of resident memory.
#include <fmt/format-inl.h>

namespace fmt {
inline namespace v9 {
namespace detail {
template auto dragonbox::to_decimal(double) noexcept -> dragonbox::decimal_fp<double>;
template auto dragonbox::to_decimal(float) noexcept -> dragonbox::decimal_fp<float>;
template locale_ref::locale_ref(const std::locale&);
template auto locale_ref::get<std::locale>() const -> std::locale;
template auto thousands_sep_impl<char>(locale_ref) -> thousands_sep_result<char>;
template auto decimal_point_impl<char>(locale_ref) -> char;
template void buffer<char>::append(const char*, const char*);
template void vformat_to(buffer<char>&, string_view, basic_format_args<buffer_context<char>>,
                         locale_ref);
}  // namespace detail
}  // namespace v9
}  // namespace fmt
