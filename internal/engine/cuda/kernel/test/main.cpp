// Runs every kernel on the host and compares with references; with the name of a PTX file
// it checks that file first, with words it runs the tests whose names contain one.
#include "conv.h"
#include "layers.h"
#include "picture.h"
#include "ptx.h"
#include "style.h"
#include "vectors.h"

// run_test runs a test under several seeds of the scheduler, which must give the same
// bytes.
static void run_test(const Test &t) {
  uint64_t hash = 0;
  for (int seed = 1; seed <= 3; seed++) {
    emu::S.seed = seed;
    const int before = failures;
    Case c;
    t.f(c);
    if (seed > 1 && c.hash != hash) error("%s: seed %d gives other bytes than seed 1", t.name, seed);
    hash = c.hash;
    if (failures > before) return;
  }
}

int main(int argc, char **argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; i++) {
    const std::string a = argv[i];
    if (a.size() > 4 && a.substr(a.size() - 4) == ".ptx") check_ptx(a);
    else words.push_back(a);
  }
  int n = 0;
  for (const Test &t : tests()) {
    bool wanted = words.empty();
    for (const std::string &w : words) wanted = wanted || strstr(t.name, w.c_str());
    if (!wanted) continue;
    run_test(t);
    n++;
  }
  printf("%d tests of %zu kernels, %d failures\n", n, kernels().size(), failures);
  return failures > 0 || n == 0;
}
