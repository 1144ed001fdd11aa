// SPDX-License-Identifier: Apache-2.0
#include "x509/explain.hpp"

#include <algorithm>
#include <array>

#include "x509/openssl.hpp"

namespace ferry::x509 {
namespace {

constexpr std::size_t kLongestPath = 32;
constexpr int kLeastRsaBits = 2048;

std::string name_of(const Certificate& certificate) {
  const auto name = certificate.subject_cn();
  return name.empty() ? "(no common name)" : name;
}

std::string span_text(std::chrono::milliseconds span) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(span).count();
  if (minutes < 120) return fmt::format("{} minutes", minutes);
  if (minutes < 60 * 48) return fmt::format("{} hours", minutes / 60);
  return fmt::format("{} days", minutes / (60 * 24));
}

bool contains(const std::vector<Certificate>& list, const Certificate& certificate) {
  return std::find(list.begin(), list.end(), certificate) != list.end();
}

bool names_as_issuer(const Certificate& child, const Certificate& parent) {
  return X509_NAME_cmp(X509_get_issuer_name(child.native()),
                       X509_get_subject_name(parent.native())) == 0;
}

bool is_self_signed(const Certificate& certificate) {
  return certificate.self_issued() && certificate.signed_by(certificate);
}

class Explainer {
 public:
  Explainer(const std::vector<Certificate>& presented, const ExplainOptions& options)
      : presented_(presented), options_(options) {}

  ChainReport explain() {
    const std::size_t leaf = find_leaf();
    check_order_of_leaf(leaf);
    const bool whole = find_path(presented_[leaf]);
    for (std::size_t i = 0; i < report_.path.size(); ++i) check_link(i);
    check_key();
    check_anchor(whole);
    check_rest();
    conclude();
    std::vector<ChainFinding> errors_first;
    for (const auto severity : {Severity::error, Severity::warning, Severity::info}) {
      std::copy_if(report_.findings.begin(), report_.findings.end(),
                   std::back_inserter(errors_first),
                   [&](const auto& finding) { return finding.severity == severity; });
    }
    report_.findings = std::move(errors_first);
    return std::move(report_);
  }

 private:
  void add(Severity severity, std::string rule, const Certificate& certificate, std::string message,
           std::string hint = {}) {
    report_.findings.push_back(
        {severity, std::move(rule), name_of(certificate), std::move(message), std::move(hint)});
  }

  bool has_errors() const {
    return std::any_of(report_.findings.begin(), report_.findings.end(),
                       [](const auto& finding) { return finding.severity == Severity::error; });
  }

  // The first that issued none of the others: where the file is in order, its first.
  std::size_t find_leaf() const {
    const auto issued_another = [&](const Certificate& candidate) {
      return std::any_of(presented_.begin(), presented_.end(), [&](const Certificate& other) {
        return !(other == candidate) && names_as_issuer(other, candidate) &&
               other.signed_by(candidate);
      });
    };
    for (std::size_t i = 0; i < presented_.size(); ++i) {
      if (!issued_another(presented_[i])) return i;
    }
    return 0;
  }

  void check_order_of_leaf(std::size_t leaf) {
    if (leaf == 0) return;
    add(Severity::error, "order", presented_[leaf],
        fmt::format("it is the end of the chain, but number {} in the file, after '{}'", leaf + 1,
                    name_of(presented_[0])),
        "put the certificate of the device first, then its issuer, and so on upwards");
  }

  // As chain.hpp finds it; where that finds none, as far as it goes. False when it breaks off.
  bool find_path(const Certificate& leaf) {
    if (!options_.anchors.empty() && verify(leaf, options_.anchors)) return true;
    const bool whole = walk(leaf);
    if (whole && options_.anchors.empty()) verify(leaf, {report_.path.back()});
    return whole;
  }

  bool verify(const Certificate& leaf, const std::vector<Certificate>& anchors) {
    auto pool = presented_;
    pool.insert(pool.end(), options_.known.begin(), options_.known.end());
    auto verdict = verify_chain(leaf, pool, anchors, options_.at, options_.purpose);
    report_.verified = verdict.has_value();
    if (verdict) {
      report_.path = std::move(verdict->certificates);
    } else {
      refusal_ = verdict.error().message;
    }
    return report_.verified;
  }

  // Up from the leaf; false when the chain breaks off.
  bool walk(Certificate current) {
    while (report_.path.size() < kLongestPath) {
      report_.path.push_back(current);
      if (contains(options_.anchors, current) || is_self_signed(current)) return true;
      const Certificate* issuer = find_issuer(current);
      if (issuer == nullptr) return false;
      if (contains(report_.path, *issuer)) break;
      current = *issuer;
    }
    add(Severity::error, "other", current, "the chain goes round in a circle or has no end");
    return false;
  }

  const Certificate* find_issuer(const Certificate& child) {
    const Certificate* namesake = nullptr;
    for (const auto* pool : {&presented_, &options_.known, &options_.anchors}) {
      for (const auto& candidate : *pool) {
        if (!names_as_issuer(child, candidate)) continue;
        if (child.signed_by(candidate)) return &candidate;
        namesake = &candidate;
      }
    }
    if (namesake != nullptr) {
      add(Severity::error, "issuer-key", child,
          fmt::format("'{}' has the name of its issuer, but did not sign it: its key is {}, the "
                      "certificate names {}",
                      name_of(*namesake), key_id_text(namesake->subject_key_id()),
                      key_id_text(child.authority_key_id())),
          "the authority was replaced by one of the same name: use the chain that came with this "
          "certificate, or renew it");
    } else {
      add(Severity::error, "missing-issuer", child,
          fmt::format("the certificate of its issuer '{}' is missing", child.issuer_cn()),
          "append it to the file: a device sends its whole chain, from its own certificate "
          "upwards");
    }
    return nullptr;
  }

  static std::string key_id_text(const std::string& id) {
    return id.empty() ? "(not named)" : id.substr(0, 16);
  }

  void check_link(std::size_t i) {
    const Certificate& certificate = report_.path[i];
    check_dates(certificate);
    check_strength(certificate);
    check_uses(certificate, i == 0);
    if (i > 0) check_authority(i);
    if (i + 1 < report_.path.size() && certificate.not_after() > report_.path[i + 1].not_after()) {
      add(Severity::warning, "outlives-issuer", certificate,
          fmt::format("it ends on {}, after its issuer '{}' on {}",
                      format_rfc3339(certificate.not_after()), name_of(report_.path[i + 1]),
                      format_rfc3339(report_.path[i + 1].not_after())),
          "the chain fails when the issuer ends: renew before that");
    }
    if (!options_.revoked) return;
    if (const auto why = options_.revoked(certificate)) {
      add(Severity::error, "revoked", certificate, *why,
          "if it should be trusted again, take the revocation back; else register the device anew");
    }
  }

  void check_dates(const Certificate& certificate) {
    const auto at = options_.at;
    if (at < certificate.not_before()) {
      const auto early = certificate.not_before() - at;
      const bool skew = early <= options_.clock_skew;
      add(Severity::error, skew ? "clock-skew" : "not-yet-valid", certificate,
          fmt::format("it begins on {}, {} after the time of this check ({})",
                      format_rfc3339(certificate.not_before()), span_text(early),
                      format_rfc3339(at)),
          skew
              ? "the clock is probably behind: set it (NTP) and try again"
              : "check the clock of the device; if it is right, wait or issue another certificate");
    }
    if (at > certificate.not_after()) {
      const auto late = at - certificate.not_after();
      const bool skew = late <= options_.clock_skew;
      add(Severity::error, "expired", certificate,
          fmt::format("it ended on {}, {} before the time of this check ({})",
                      format_rfc3339(certificate.not_after()), span_text(late), format_rfc3339(at)),
          skew ? "renew it, if the clock is right" : "renew it, or register the device anew");
    }
  }

  void check_strength(const Certificate& certificate) {
    EVP_PKEY* key = X509_get0_pubkey(certificate.native());
    if (key != nullptr && EVP_PKEY_base_id(key) == EVP_PKEY_RSA &&
        EVP_PKEY_bits(key) < kLeastRsaBits) {
      add(Severity::error, "weak-key", certificate,
          fmt::format("its RSA key has {} bits only", EVP_PKEY_bits(key)),
          "make a key of at least 2048 bits, or EC P-256");
    }
    int digest = NID_undef;
    OBJ_find_sigid_algs(X509_get_signature_nid(certificate.native()), &digest, nullptr);
    if ((digest == NID_sha1 || digest == NID_md5) && !certificate.self_issued()) {
      add(Severity::error, "weak-signature", certificate,
          fmt::format("it is signed with {}", OBJ_nid2ln(digest)), "have it signed with SHA-256");
    }
  }

  void check_uses(const Certificate& certificate, bool leaf) {
    if (options_.purpose == Purpose::any) return;
    const bool client = options_.purpose == Purpose::client_auth;
    const auto uses = X509_get_extended_key_usage(certificate.native());
    if (uses == UINT32_MAX) return;  // none stated: everything
    if ((uses & (client ? XKU_SSL_CLIENT : XKU_SSL_SERVER)) != 0) return;
    const char* wanted = client ? "client authentication" : "server authentication";
    add(Severity::error, "extended-key-usage", certificate,
        leaf ? fmt::format("it is not made for {}", wanted)
             : fmt::format("it may not issue certificates for {}", wanted),
        leaf ? "use the identity certificate of the device, not one for servers or another purpose"
             : "have the authority certified for that use, or without a limit");
  }

  void check_authority(std::size_t i) {
    const Certificate& authority = report_.path[i];
    const std::string child = name_of(report_.path[i - 1]);
    if (!authority.is_ca()) {
      add(Severity::error, "not-a-ca", authority,
          fmt::format("it signed '{}', but is not the certificate of an authority (CA:TRUE is "
                      "missing)",
                      child),
          "issue from an authority; a device's certificate cannot sign others");
      return;
    }
    if ((X509_get_key_usage(authority.native()) & KU_KEY_CERT_SIGN) == 0) {
      add(Severity::error, "key-usage", authority,
          "its key usage does not allow to sign certificates (keyCertSign)",
          "have the authority certified with keyCertSign");
    }
    // Authorities between it and the leaf, without those that are only re-certified (RFC 5280).
    int below = 0;
    for (std::size_t j = 1; j < i; ++j) below += report_.path[j].self_issued() ? 0 : 1;
    const auto allowed = authority.path_length();
    if (allowed && below > *allowed) {
      add(Severity::error, "path-length", authority,
          fmt::format("it allows {} authorities below it; this chain has {}", *allowed, below),
          "have it certified with a greater path length: Ferry needs 2 below an organization's CA, "
          "1 below a workspace's");
    }
  }

  void check_key() {
    if (!options_.key || report_.path.front().matches(*options_.key)) return;
    const auto owner = std::find_if(presented_.begin(), presented_.end(), [&](const auto& other) {
      return other.matches(*options_.key);
    });
    add(Severity::error, "key-mismatch", report_.path.front(),
        owner == presented_.end()
            ? std::string("the private key belongs to no certificate of the file")
            : fmt::format("the private key belongs to '{}'", name_of(*owner)),
        "use the key that the certificate was requested with");
  }

  void check_anchor(bool whole) {
    if (!whole || contains(options_.anchors, report_.path.back())) return;
    const auto& root = report_.path.back();
    if (options_.anchors.empty()) {
      add(Severity::info, "unchecked-root", root,
          "the chain ends here; whether this root is trusted was not checked",
          "give the trusted root with --ca");
      return;
    }
    add(Severity::error, "untrusted-root", root,
        "the chain ends in a root that is not trusted here",
        "the certificate is of another organization, or its root was replaced: renew it");
  }

  // What is in the file and not in the chain, or not in its order.
  void check_rest() {
    std::vector<std::size_t> places;
    for (const auto& certificate : report_.path) {
      const auto found = std::find(presented_.begin(), presented_.end(), certificate);
      if (found != presented_.end()) {
        places.push_back(static_cast<std::size_t>(found - presented_.begin()));
      }
    }
    if (!std::is_sorted(places.begin(), places.end()) && places.front() == 0) {
      add(Severity::warning, "order", report_.path.front(),
          "the authorities in the file are not in order",
          "put each issuer right after what it signed: some TLS servers accept nothing else");
    }
    for (const auto& certificate : presented_) {
      if (contains(report_.path, certificate)) continue;
      add(Severity::warning, "unneeded", certificate,
          fmt::format("it is not in the chain of '{}'", name_of(report_.path.front())),
          "leave it out of the file");
    }
  }

  // What chain.hpp refuses has an error, whether a rule here knows it or not.
  void conclude() {
    if (!report_.verified && !has_errors()) {
      add(Severity::error, "other", report_.path.front(), refusal_);
    }
    report_.verified = report_.verified && !has_errors();
  }

  const std::vector<Certificate>& presented_;
  const ExplainOptions& options_;
  ChainReport report_;
  std::string refusal_;
};

}  // namespace

std::string_view to_string(Severity severity) {
  constexpr std::array<std::string_view, 3> kNames{"error", "warning", "info"};
  return kNames[static_cast<std::size_t>(severity)];
}

ChainReport explain_chain(const std::vector<Certificate>& presented,
                          const ExplainOptions& options) {
  FERRY_CHECK(!presented.empty());
  return Explainer(presented, options).explain();
}

}  // namespace ferry::x509
