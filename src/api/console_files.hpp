// SPDX-License-Identifier: Apache-2.0
// The web console as ferryd serves it: the files of console/ that the build put into the program.
#pragma once

#include "net/http.hpp"

namespace ferry::api {

// `path` below /console/. What is no file is one of the console's own pages, which its script tells
// apart. A program that was built without Node has a page that says so.
net::HttpResponse console_file(std::string_view path, const net::HttpRequest& request);

}  // namespace ferry::api
