# Only Go and make are needed. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

LINTER := go run $(CURDIR)/tools.go golangci-lint
OASDIFF := go run $(CURDIR)/tools.go oasdiff
FUZZTIME ?= 30s

# The modules besides the library that are released: what users import in their tests, and the way out of v2.
TOOLS := \
	tests/etcdtest \
	tests/etcdtest/embedded \
	tests/faultproxy \
	tests/faultproxy/faultlink \
	tests/validator \
	migrate
# The packages in tests/ that check texts. They start nothing that could race.
TEXTS := /(api/spec|use/documents|use/guarantees)$$
# All modules, from the one that needs no other.
MODULES := . $(TOOLS) tests examples

REDOCLY := REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npx --yes @redocly/cli@2.77.0
SPECTRAL := npx --yes @stoplight/spectral-cli@6.16.3

.PHONY: help demo test test-library test-tools test-servers examples etcd generate verify-generate verify-spec docs docs-test lint-spec need-npx lint vet-tools fix contract chaos sim sim-plants migrate-long bench plots bench-scale bench-watches interop clients fuzz mutants tidy verify-tidy tools release-test

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## walk through the library on a real three-member cluster inside one process
	@cd tests && go build -o ../build/demo ./cmd/demo && exec ../build/demo

test: ## run all tests of all modules with the race detector, real etcd servers included
	@$(MAKE) --no-print-directory -j2 test-servers test-library test-tools # much of what the first does is waiting

test-library:
	@echo "Library: unit tests"
	@go test -race -vet=off -short ./... # make lint vets
	@go test -run 'Allocations|MemoryOf' ./etcd # which the race detector would add to

test-tools:
	@echo "Tools for users' tests, and the way out of v2, on real servers"
	@for module in $(TOOLS); do (cd $$module && go test -race -vet=off -count=1 -ldflags='-s -w' -short ./...); done

test-servers:
	@echo "Library against real servers: processes, and etcd 3.5 in the test process (built once)"
	@cd tests && go test -race -vet=off -count=1 -ldflags='-s -w' -p 3 $$(go list ./... | grep -vE '$(TEXTS)') # at once on two cores: much of it is waiting
	@$(MAKE) --no-print-directory docs-test

examples: ## lint the programs of examples/, and run each on real servers
	@cd examples && $(LINTER) run -c ../.golangci.yml ./...
	@echo "Examples against real servers, as processes"
	@cd examples && GOFLAGS="$$(go env GOFLAGS) -race" go test -count=1 . # GOFLAGS: so are the programs that it builds

# Signals go to the program itself: go run would not pass them on.
etcd: ## run a play server on 127.0.0.1:2379, or on ADDR=host:port, until Ctrl-C
	@cd tests && go build -o ../build/etcd ./cmd/etcd && exec ../build/etcd $(if $(ADDR),-addr $(ADDR))

generate: ## make gen/ from api/openapi.yaml
	@go generate ./...
	@echo "gen/ is made from api/openapi.yaml and api/go-overlay.yaml"

verify-generate: ## fail if gen/ is not what api/ generates (mend: make generate)
	@before=$$(mktemp -d); trap 'rm -rf "$$before"' EXIT; cp -r gen "$$before"; go generate ./...; \
		diff -r "$$before/gen" gen || { echo "gen/ was not up to date; it is now: commit it"; exit 1; }
	@echo "gen/ is up to date"

verify-spec: ## fail if api/openapi.yaml breaks clients made from the last release's
	@tag=$$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null) || { \
		echo "there is no release yet to compare api/openapi.yaml with"; exit 0; }; \
		before=$$(mktemp -d); trap 'rm -rf "$$before"' EXIT; git show "$$tag:api/openapi.yaml" >"$$before/openapi.yaml"; \
		$(OASDIFF) breaking --fail-on ERR "$$before/openapi.yaml" api/openapi.yaml; \
		echo "api/openapi.yaml breaks nothing of $$tag"

docs: need-npx ## make a reference for readers of api/openapi.yaml, and look at it in Chromium (needs npx)
	@mkdir -p build/docs
	@cd tests && go run ./api/docs/samples >../build/docs/samples.json
	@SAMPLES=build/docs/samples.json $(REDOCLY) build-docs --config tests/api/docs/redocly.yaml --template tests/api/docs/page.hbs --inlineBundle \
		-o build/docs/online.html api/openapi.yaml 2>build/docs/redocly.log || { cat build/docs/redocly.log; exit 1; }
	@sed -f tests/api/docs/offline.sed build/docs/online.html >build/docs/index.html; rm build/docs/online.html
	@cd tests && DOCS_PAGE=$(CURDIR)/build/docs/index.html go test -count=1 -v ./api/docs | grep -vE '^(=== |PASS)'
	@echo "build/docs/index.html is the reference; it needs no network"

docs-test: ## check the documents and the spec: their Go compiles, commands and links exist, README is one page, the English
	@cd tests && go test -count=1 $$(go list ./... | grep -E '$(TEXTS)')

lint-spec: need-npx ## let redocly and spectral look for mistakes in api/openapi.yaml (needs npx)
	@$(REDOCLY) lint --config tests/api/spec/redocly.yaml api/openapi.yaml
	@$(SPECTRAL) lint --fail-severity warn --ruleset tests/api/spec/spectral.yaml api/openapi.yaml

need-npx:
	@command -v npx >/dev/null || { echo "This needs npx, which comes with Node.js, and there is none here."; exit 1; }

lint: vet-tools ## run the linters and go vet on the library, the tools and the tests (mend formatting: make fix)
	@for module in $(filter-out examples,$(MODULES)); do (cd $$module && $(LINTER) run -c $(CURDIR)/.golangci.yml ./...); done
	@echo "no findings"

vet-tools: # the tools compile for the systems that users have, too
	@for module in $(TOOLS); do for os in darwin windows; do (cd $$module && GOOS=$$os go vet ./...); done; done

fix: ## format the code of all modules
	@for module in $(MODULES); do (cd $$module && $(LINTER) fmt -c $(CURDIR)/.golangci.yml); done

contract: ## hold real servers and other clients to api/openapi.yaml (ETCD_ENDPOINTS=http://a,http://b: yours; CONTRACT_READONLY=1)
	@cd tests && CONTRACT=thorough go test -count=1 -v -parallel 24 -timeout 20m -run '$(if $(ETCD_ENDPOINTS),TestContract)' ./api/contract $(if $(ETCD_ENDPOINTS),,./live/tour) \
		| grep -E '^contract:|_test\.go:|^(ok|FAIL|---)'
	$(if $(ETCD_ENDPOINTS),,@cd tests && CONTRACT=thorough go test -count=1 -v -timeout 20m ./api/schemathesis | grep -vE '^(=== |PASS| *--- PASS)')

chaos: ## break real clusters for more than an hour and check every answer (CHAOS_SEED repeats the choices)
	@echo "One member frozen, then all down: ours beside the official client"
	@cd tests && BOTH_SERVERS=1 OUTAGE_PEERS=1 go test -count=1 -v ./faults/outage | grep -E 'failed|success|^(ok|FAIL|---)'
	@echo "Watches and mirrors through every kind of fault"
	@cd tests && BOTH_SERVERS=1 go test -count=1 -v ./faults/watchfaults | grep -E 'delivered|gap|^(ok|FAIL| *---)'
	@echo "A thousand random histories each of a watch and of a mirror over connections that are slow, or dead, without a word"
	@go test -count=1 -timeout 30m -run OverConnectionsThatFail ./etcd -lines.runs=1000
	@echo "Random operations and faults, a watch and a mirror compared with the server's tree (WATCH_SEED repeats)"
	@cd tests && WATCH_STEPS=10000 go test -count=1 -v -timeout 20m ./faults/property | grep -E 'WATCH_SEED|steps worked|^(ok|FAIL| *---)'
	@echo "Gateways that answer by themselves, 20,000 writes and reads on each kind of server (GATEWAY_SEED repeats the choices)"
	@cd tests/faults/gateway && GATEWAY_STEPS=20000 go test -count=1 -v -timeout 30m -run 'Gateways|OneEndpoint|MissingKeys|PlantedBugs' \
		| grep -E '_test\.go:|client [0-9]+:|its gateways|^(ok|FAIL| *---)'
	@echo "Replies dropped, unknown outcomes settled, members restarted in turn for a minute on each kind of server"
	@cd tests/faults/chaos && CHAOS_SECONDS=60 go test -count=1 -timeout 20m -run 'ReplyDropped|UniqueValue|RollingRestart'
	@echo "Sixteen contenders for a lock, and for one that is a single key, five minutes each on each kind of server, and planted bugs"
	@cd tests/faults/exclusion && EXCLUSION_SECONDS=300 go test -count=1 -timeout 60m -run 'NoTwoHolders|PlantedBugs'
	@echo "Readers and writers, and a semaphore, a minute each on each kind of server"
	@cd tests/faults/exclusion && EXCLUSION_SECONDS=60 go test -count=1 -timeout 30m -run 'NoReaderBesideAWriter|NoMoreHoldersThanSlots'
	@echo "Random histories of locks, 500 acquisitions of each kind on each kind of server, and planted bugs (LOCK_HISTORY_SEED repeats the choices)"
	@cd tests/faults/lockhistory && LOCK_HISTORY=500 go test -count=1 -timeout 60m
	@echo "Linearizability under faults, five minutes on each kind of server, and a planted bug"
	@cd tests/faults/chaos && CHAOS_SECONDS=300 go test -count=1 -timeout 30m -run 'Linearizable|PlantedBug'

sim: ## break a simulated cluster in virtual time and check what clients do, SIM_HOURS (1) of each workload (SIM_SEED repeats)
	@mkdir -p build && cd tests && go test -c -o ../build/sim.test ./faults/sim
	@cd tests/faults/sim && $(CURDIR)/build/sim.test -test.list . \
		| SIM_HOURS=$(or $(SIM_HOURS),1) SIM_SEED=$(SIM_SEED) GOMAXPROCS=1 GOGC=400 \
			xargs -P 2 -I{} $(CURDIR)/build/sim.test -test.run '^{}$$' -test.timeout 0 \
		| grep -E '^sim: |_test\.go:|^panic: |^(FAIL| *--- FAIL)'

sim-plants: ## plant bugs in the library, see the simulation find each, and write docs/simulation.md (PLANTS=regexp: only those)
	@cd tests && go run ./cmd/mutants -plants -n 2 -run '$(PLANTS)' $(if $(SIM_SEED),-seed $(SIM_SEED)) -record "$(CURDIR)/docs/simulation.md"

migrate-long: ## move a million nodes with etcd2, replicate under load, and kill it at random (half an hour)
	@cd migrate && MIGRATE_NODES=100000 MIGRATE_MILLION=1000000 MIGRATE_KILLS=100 REPLICATE_SECONDS=40 REPLICATE_CUTS=13 \
		go test -count=1 -v -timeout 2h ./cmd/etcd2 ./replicate | grep -E '_test\.go:|^(ok|FAIL| *---)'

bench: ## measure the library beside its peers and net/http, and write docs/benchmarks.md (ten minutes)
	@go test -run '^$$' -bench 'Call|Decode|MirrorGet' -benchmem ./etcd
	@cd tests && BENCH_OUT="$(CURDIR)/docs" go test -count=1 -v -timeout 30m ./bench | grep -E 'missed|^(ok|FAIL|---)'
	@echo "docs/benchmarks.md has the tables and plots"

plots: ## draw docs/bench-*.svg and docs/scale-*.svg again from the figures in docs/benchmarks.md and docs/scale.md
	@cd tests && go test -count=1 -run TestChartsShowTheReport ./bench -draw
	@echo "docs/bench-*.svg show docs/benchmarks.md, and docs/scale-*.svg docs/scale.md"

bench-scale: ## measure what a client costs with many watches, mirrors and locks, and write docs/scale.md (an hour)
	@missed=0; (cd tests && SCALE=1 SCALE_OUT="$(CURDIR)/docs" go test -count=1 -v -timeout 100m ./bench/scale \
		| grep -E 'scale:|is above|^(ok|FAIL| *---)') || missed=1; $(MAKE) --no-print-directory plots; exit $$missed

bench-watches: ## measure watches and mirrors at length, on both kinds of server
	@echo "64 writers x 200 sets on the watched tree, 20 runs on each kind of server, ours beside client/v2"
	@cd tests && STORM_PEERS=1 STORM_RUNS=20 go test -count=1 -v -timeout 30m -run Storm ./faults/storm | grep -E 'storm:|run [0-9]+:|^(ok|FAIL|---)'
	@echo "A thousand watches on one client"
	@cd tests && BOTH_SERVERS=1 WATCH_LOAD=1000 go test -count=1 -v -timeout 10m ./faults/watchload | grep -E 'watchload:|^(ok|FAIL|---)'
	@echo "A mirror of 10,000 nodes, and a Get of them"
	@go test -run '^$$' -bench Mirror -benchmem ./etcd; cd tests && go test -run '^$$' -bench . -benchmem -count=5 ./live/mirror

interop: ## let Go and python-etcd processes contend for the same locks (needs Python)
	@cd tests && INTEROP=1 go test -count=1 -v ./use/interop | grep -E '^(ok|FAIL)|_test.go|---'

clients: ## generate clients in TypeScript, Python, Java and Rust, and try each on real servers (needs what it names)
	@cd tests && CLIENTS=1 go test -count=1 -v -timeout 60m -run TestClients ./api/clients | grep -vE '^(=== | *--- PASS|PASS)'

fuzz: ## fuzz each target for FUZZTIME (30s)
	@for package in ./api ./etcd ./internal/cluster; do for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package; done; done
	@cd migrate && go test -run '^$$' -fuzz . -fuzztime $(FUZZTIME) ./dump

mutants: ## break the library in some 400 small ways and see the unit tests fail each time (MUTANTS=regexp: only those)
	@cd tests && go run ./cmd/mutants -run '$(MUTANTS)'

tidy: ## tidy all modules' requirements
	@for module in $(MODULES); do (cd $$module && go mod tidy); done

verify-tidy: ## fail if go.mod of one of the modules is not tidy (mend: make tidy)
	@for module in $(MODULES); do (cd $$module && go mod tidy -diff); done
	@echo "all modules are tidy"

tools: ## list the modules that are released besides the library
	@echo $(TOOLS)

release-test: ## release the modules in a clone, as docs/releasing.md says, and use them (four minutes)
	@cd tests && RELEASE=1 go test -count=1 -v -timeout 20m ./use/release | grep -vE '^(=== |PASS)'
