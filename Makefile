# SPDX-License-Identifier: Apache-2.0
# A thin cover over meson for the commands of the README.

BUILD ?= build
PREFIX ?= /usr/local

.PHONY: all demo check lint bench corpus install clean

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	tools/install-packages build
	meson setup $(BUILD) --prefix=$(PREFIX) -Dtests=false >/dev/null

# Makes a real nginx image from the distribution's packages and hardens it.
demo:
	tools/install-packages build demo
	$(MAKE) --no-print-directory all
	demo/run

# Builds and runs every test; ends with "N passed, N failed".
check:
	tools/install-packages build check
	tests/run

lint:
	tools/install-packages build check
	tests/run --only lint

bench: all
	bench/run

# Hardens real applications and writes corpus/RESULTS.md: see corpus/README.md. Needs root.
corpus:
	tools/install-packages build corpus
	$(MAKE) --no-print-directory all
	corpus/run; released=$$?; corpus/run --updated && exit $$released

install: all
	ninja -C $(BUILD) install

clean:
	rm -rf $(BUILD) build-* demo/out corpus/out
