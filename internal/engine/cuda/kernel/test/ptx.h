// The PTX against the table of kernels: what a driver would only find at run time.
#include "test.h"

#include <fstream>
#include <sstream>

// Entry is what the PTX says of a kernel.
struct Entry { std::string name, params; int threads = 0; };

// param is the letter of a line like ".param .u64 name_param_0,", 0 for other lines.
static char param(const std::string &line) {
  const size_t at = line.find(".param .");
  if (at == std::string::npos) return 0;
  const std::string type = line.substr(at + 8, 3);
  return type == "u64" ? 'p' : type == "u32" ? 'i' : type == "f32" ? 'f' : type == "f64" ? 'd' : '?';
}

static std::vector<Entry> entries(const std::string &ptx) {
  std::vector<Entry> all;
  std::stringstream lines(ptx);
  const std::string entry = ".visible .entry ", threads = ".maxntid ";
  bool head = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, entry.size(), entry) == 0) {
      all.push_back({line.substr(entry.size(), line.find('(') - entry.size()), "", 0});
      head = true;
    } else if (line == "{") {
      head = false;
    } else if (head && param(line)) {
      all.back().params += param(line);
    } else if (head && line.compare(0, threads.size(), threads) == 0) {
      all.back().threads = atoi(line.c_str() + threads.size());
    }
  }
  return all;
}

static void check_entry(const std::string &path, const Entry &e) {
  const auto k = kernels().find(e.name);
  if (k == kernels().end()) return error("%s: kernel %s is not in kernels.h", path.c_str(), e.name.c_str());
  const Kernel &want = k->second;
  if (e.params != want.params) error("%s: %s has parameters %s, want %s", path.c_str(), e.name.c_str(), e.params.c_str(), want.params.c_str());
  if (e.threads != want.threads) error("%s: %s has blocks of %d threads, want %d", path.c_str(), e.name.c_str(), e.threads, want.threads);
}

static void check_ptx(const std::string &path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string ptx = text.str();
  const auto has = [&](const char *s) { return ptx.find(s) != std::string::npos; };
  for (const char *want : {".version 7.0", ".target sm_80", "mma.sync.aligned.m16n8k8", "cp.async.cg.shared.global", "ldmatrix.sync"})
    if (!has(want)) error("%s: there is no %s", path.c_str(), want);
  if (has(".local")) error("%s: a kernel keeps variables in local memory", path.c_str());
  if (has(".extern .func") || has("call.uni")) error("%s: a kernel calls a function", path.c_str());
  const std::vector<Entry> all = entries(ptx);
  for (const Entry &e : all) check_entry(path, e);
  if (all.size() != kernels().size()) error("%s: %zu kernels, kernels.h has %zu", path.c_str(), all.size(), kernels().size());
}
