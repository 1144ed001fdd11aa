# SPDX-License-Identifier: Apache-2.0
# Everything a person needs; each target installs what it lacks (Debian packages) and says so.

BUILD := build/release
JOBS  ?= $(shell nproc)

.PHONY: help setup build demo test bench lint format clean

help: ## Shows this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup: ## Installs the Debian packages for building, running and testing
	@tools/setup build run test lint

$(BUILD)/build.ninja: CMakeLists.txt CMakePresets.json cmake/*.cmake
	@tools/setup build
	@echo "==> configuring"
	@cmake --preset release >build/cmake.log 2>&1 || { cat build/cmake.log; exit 1; }

build/.:
	@mkdir -p build

build: build/. $(BUILD)/build.ninja ## Builds ferry, ferryd, ferry-agent and drydock into build/bin
	@tools/setup build
	@tools/build-console
	@echo "==> building the four programs (a clean build takes a few minutes)"
	@cmake --build --preset release -j $(JOBS) --target ferry ferryd ferry-agent drydock
	@ln -sfn release/bin build/bin

demo: build ## From an empty machine to a container running on a node, step by step
	@tools/setup run
	@tools/demo

test: build ## All tests; ends with "N passed, N failed"
	@tools/setup run test
	@echo "==> building the tests"
	@cmake --build --preset release -j $(JOBS)
	@tests/run

bench: build ## Benchmarks against docker, docker-registry and mosquitto; writes build/bench.jsonl
	@tools/setup run test
	@cmake --build --preset release -j $(JOBS)
	@bench/run

lint: ## Layer rule, formatting, file sizes
	@tools/setup lint
	@tools/check-layers
	@tools/check-format

format: ## Formats all C++ files
	@tools/setup lint
	@tools/check-format --fix

clean: ## Removes everything that was built
	rm -rf build
