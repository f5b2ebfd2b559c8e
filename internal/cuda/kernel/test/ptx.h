// The PTX against the table of kernels: what a driver would only find at run time.
#include "test.h"

#include <fstream>
#include <regex>
#include <sstream>

static void check_ptx(const std::string &path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string ptx = text.str();
  if (ptx.find(".version 7.0") == std::string::npos || ptx.find(".target sm_80") == std::string::npos) error("%s: not PTX 7.0 for sm_80", path.c_str());
  if (ptx.find(".local") != std::string::npos) error("%s: a kernel keeps variables in local memory", path.c_str());
  for (const char *want : {"mma.sync.aligned.m16n8k8", "cp.async.cg.shared.global", "ldmatrix.sync"})
    if (ptx.find(want) == std::string::npos) error("%s: there is no %s", path.c_str(), want);
  for (const char *bad : {"\n.extern .func", "call.uni"})
    if (ptx.find(bad) != std::string::npos) error("%s: a kernel calls a function", path.c_str());

  size_t found = 0;
  const std::regex entry("\\.visible \\.entry (\\w+)\\(([^)]*)\\)\\s*\\.maxntid (\\d+), 1, 1"), param("\\.param \\.(\\w+) ");
  for (std::sregex_iterator i(ptx.begin(), ptx.end(), entry), end; i != end; ++i, found++) {
    const auto k = kernels().find((*i)[1]);
    if (k == kernels().end()) {
      error("%s: kernel %s is not in kernels.h", path.c_str(), (*i)[1].str().c_str());
      continue;
    }
    std::string params;
    const std::string list = (*i)[2];
    for (std::sregex_iterator p(list.begin(), list.end(), param); p != end; ++p) {
      const std::string t = (*p)[1];
      params += t == "u64" ? 'p' : t == "u32" ? 'i' : t == "f32" ? 'f' : t == "f64" ? 'd' : '?';
    }
    if (params != k->second.params) error("%s: %s has parameters %s, want %s", path.c_str(), k->first.c_str(), params.c_str(), k->second.params.c_str());
    if (std::stoi((*i)[3]) != k->second.threads) error("%s: %s has blocks of %s threads, want %d", path.c_str(), k->first.c_str(), (*i)[3].str().c_str(), k->second.threads);
  }
  if (found != kernels().size()) error("%s: %zu kernels, kernels.h has %zu", path.c_str(), found, kernels().size());
}
