// SPDX-License-Identifier: Apache-2.0
#include "oci/image.hpp"

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "oci/digest.hpp"

namespace ferry::oci {
namespace {

constexpr std::size_t kLargestDocument = std::size_t{4} << 20;

std::map<std::string, std::string> read_annotations(const json::object& object) {
  std::map<std::string, std::string> annotations;
  const auto* members = find_object(object, "annotations");
  if (!members) return annotations;
  for (const auto& [name, value] : *members) {
    if (value.is_string()) annotations.emplace(name, std::string(value.get_string()));
  }
  return annotations;
}

Result<Descriptor> read_descriptor(const json::value& value, std::string_view what) {
  const auto* object = value.if_object();
  if (!object) return fail(Code::invalid_argument, "{} is not a descriptor", what);
  Descriptor descriptor;
  descriptor.media_type = string_or(*object, "mediaType", "");
  descriptor.digest = string_or(*object, "digest", "");
  const auto size = optional_int(*object, "size");
  if (descriptor.media_type.empty()) {
    return fail(Code::invalid_argument, "{} has no mediaType", what);
  }
  if (!is_digest(descriptor.digest)) {
    return fail(Code::invalid_argument, "{} has no well-formed digest", what);
  }
  if (!size || *size < 0) return fail(Code::invalid_argument, "{} has no valid size", what);
  descriptor.size = static_cast<std::uint64_t>(*size);
  if (const auto* platform = find_object(*object, "platform")) {
    descriptor.platform =
        Platform{string_or(*platform, "architecture", ""), string_or(*platform, "os", ""),
                 string_or(*platform, "variant", "")};
  }
  descriptor.annotations = read_annotations(*object);
  return descriptor;
}

Result<std::vector<Descriptor>> read_descriptors(const json::object& object,
                                                 std::string_view name) {
  auto items = require_array(object, name);
  if (!items) return fail(std::move(items).error());
  std::vector<Descriptor> descriptors;
  for (const auto& item : *items) {
    auto descriptor = read_descriptor(item, fmt::format("{}[{}]", name, descriptors.size()));
    if (!descriptor) return fail(std::move(descriptor).error());
    descriptors.push_back(*std::move(descriptor));
  }
  return descriptors;
}

json::object write_strings(const std::map<std::string, std::string>& strings) {
  json::object object;
  for (const auto& [name, value] : strings) object[name] = value;
  return object;
}

json::object write_descriptor(const Descriptor& descriptor) {
  json::object object{{"mediaType", descriptor.media_type},
                      {"digest", descriptor.digest},
                      {"size", descriptor.size}};
  if (descriptor.platform) {
    json::object platform{{"architecture", descriptor.platform->architecture},
                          {"os", descriptor.platform->os}};
    if (!descriptor.platform->variant.empty()) platform["variant"] = descriptor.platform->variant;
    object["platform"] = std::move(platform);
  }
  if (!descriptor.annotations.empty())
    object["annotations"] = write_strings(descriptor.annotations);
  return object;
}

json::array write_descriptors(const std::vector<Descriptor>& descriptors) {
  json::array items;
  for (const auto& descriptor : descriptors) items.push_back(write_descriptor(descriptor));
  return items;
}

Result<json::object> read_document(std::string_view text, std::string_view what) {
  if (text.size() > kLargestDocument) {
    return fail(Code::invalid_argument, "the {} is larger than 4 MiB", what);
  }
  auto object = parse_json_object(text);
  if (!object) return fail(std::move(object).error().with("read the {}", what));
  if (int_or(*object, "schemaVersion", 2) != 2) {
    return fail(Code::invalid_argument, "the {} has a schemaVersion other than 2", what);
  }
  return object;
}

}  // namespace

std::string Platform::str() const {
  std::string text = os + "/" + architecture;
  if (!variant.empty()) text += "/" + variant;
  return text;
}

Result<Platform> parse_platform(std::string_view text) {
  const auto parts = split(text, '/');
  const bool complete = parts.size() == 2 || parts.size() == 3;
  for (const auto& part : parts) {
    if (!complete || part.empty()) {
      return fail(Code::invalid_argument, "'{}' is not a platform such as linux/amd64", text);
    }
  }
  return Platform{parts[1], parts[0], parts.size() == 3 ? parts[2] : std::string()};
}

Result<Manifest> parse_manifest(std::string_view text) {
  auto object = read_document(text, "manifest");
  if (!object) return fail(std::move(object).error());
  Manifest manifest;
  manifest.media_type = string_or(*object, "mediaType", media::kManifest);
  if (manifest.media_type != media::kManifest && manifest.media_type != media::kDockerManifest) {
    return fail(Code::unsupported, "a manifest of type {} is not an image", manifest.media_type);
  }
  const auto* config = object->if_contains("config");
  if (!config) return fail(Code::invalid_argument, "the manifest has no config");
  auto descriptor = read_descriptor(*config, "the manifest's config");
  if (!descriptor) return fail(std::move(descriptor).error());
  manifest.config = *std::move(descriptor);
  auto layers = read_descriptors(*object, "layers");
  if (!layers) return fail(std::move(layers).error().with("read the manifest"));
  manifest.layers = *std::move(layers);
  manifest.annotations = read_annotations(*object);
  return manifest;
}

Result<Index> parse_index(std::string_view text) {
  auto object = read_document(text, "index");
  if (!object) return fail(std::move(object).error());
  Index index;
  index.media_type = string_or(*object, "mediaType", media::kIndex);
  auto manifests = read_descriptors(*object, "manifests");
  if (!manifests) return fail(std::move(manifests).error().with("read the index"));
  index.manifests = *std::move(manifests);
  index.annotations = read_annotations(*object);
  return index;
}

std::string write_manifest(const Manifest& manifest) {
  json::object object{{"schemaVersion", 2},
                      {"mediaType", manifest.media_type},
                      {"config", write_descriptor(manifest.config)},
                      {"layers", write_descriptors(manifest.layers)}};
  if (!manifest.annotations.empty()) object["annotations"] = write_strings(manifest.annotations);
  return json::serialize(object);
}

std::string write_index(const Index& index) {
  json::object object{{"schemaVersion", 2},
                      {"mediaType", index.media_type},
                      {"manifests", write_descriptors(index.manifests)}};
  if (!index.annotations.empty()) object["annotations"] = write_strings(index.annotations);
  return json::serialize(object);
}

Result<Descriptor> select_platform(const Index& index, const Platform& wanted) {
  std::string offered;
  for (const auto& entry : index.manifests) {
    if (!entry.platform) continue;
    const bool fits = entry.platform->os == wanted.os &&
                      entry.platform->architecture == wanted.architecture &&
                      (wanted.variant.empty() || entry.platform->variant.empty() ||
                       entry.platform->variant == wanted.variant);
    if (fits) return entry;
    offered += (offered.empty() ? "" : ", ") + entry.platform->str();
  }
  return fail(Code::not_found, "the image is not made for {} but for {}", wanted.str(),
              offered.empty() ? "no named platform" : offered);
}

}  // namespace ferry::oci
