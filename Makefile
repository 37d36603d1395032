# Everything a newcomer needs is `make run` and `make test`; `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GOLANGCI_VERSION := v2.15.0
BIN := bin/winddown
FUZZTIME ?= 30s
HA_ROUNDS ?= 10

# The race detector needs a C compiler.
CC_FOUND := $(shell command -v "$${CC:-cc}" >/dev/null 2>&1 && echo yes)
ifeq ($(CC_FOUND),yes)
# These turn a password into a key (argon2 with a single thread, as we ask it), or the text of a page into nodes.
# Watching each of their steps took more time than most tests do.
COMPUTES := golang.org/x/crypto/argon2 golang.org/x/crypto/blake2b golang.org/x/crypto/scrypt golang.org/x/net/html
RACE := -race $(COMPUTES:%=-gcflags=%=-race=false)
export CGO_ENABLED := 1
else
RACE :=
endif

.PHONY: help run demo build assets generate test test-go test-browser test-live test-disk test-office test-walk test-mail test-crash test-import test-pooler test-ha bench-shed lint fuzz screenshots clean bench bench-scale bench-live bench-steady bench-login licenses sbom reproducible pentest chaos

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 16

run: build ## Build everything and serve at http://127.0.0.1:8080 (embedded PostgreSQL unless DATABASE_URL is set)
	@exec $(BIN) serve

demo: build ## The same with sample data, in a database of its own
	@exec $(BIN) demo --dev

# The same commit makes the same bytes, in whatever folder it is built: no C, no paths, no symbols.
BUILD := CGO_ENABLED=0 go build -trimpath -ldflags='-s -w'

build: assets generate ## Build the binary
	$(BUILD) -o $(BIN) ./cmd/winddown

assets: web/static/dist/htmx.min.js ## Fetch the npm packages and copy what the pages need

web/node_modules/.package-lock.json: web/package.json web/package-lock.json web/.npmrc
	cd web && npm ci --no-fund --no-audit
	@touch $@

web/static/dist/htmx.min.js: web/node_modules/.package-lock.json web/scripts/build.mjs
	cd web && npm run build
	@touch $@

generate: ## Generate Go from the templ files
	@go tool templ generate -log-level warn

test: test-go test-browser ## Run every test

test-go: assets generate ## Run the Go tests: race detector, shuffled, real PostgreSQL
ifeq ($(RACE),)
	@echo "No C compiler found: the tests run without the race detector."
	@if [ "$${CI:-}" = true ]; then echo "CI requires the race detector: install a C compiler." >&2; exit 1; fi
endif
	@# Four packages at a time: they wait for PostgreSQL more than they compute.
	go tool gotestsum --format pkgname-and-test-fails -- $(RACE) -shuffle=on -p 4 ./...

test-browser: build ## Run the browser tests in Chromium
	@node web/scripts/chromium.mjs
	cd web && node --test --test-concurrency=2 e2e/*.test.mjs

test-live: assets generate ## 500 people look on for a minute while ticks are written: who hears, how soon, at what cost
	go test -count=1 -run TestManyStreams -v ./cmd/winddown -args -live=60s

test-disk: ## Fill a small file system for real, to see that nothing is half-stored (Linux, as root)
	go test -tags tmpfs -run TestFullFileSystem ./internal/files

test-pooler: assets generate ## Run the Go tests through PgBouncer in transaction mode (as root on Debian it is installed)
	@node web/scripts/debian.mjs pgbouncer
	TEST_POOLER=1 go tool gotestsum --format pkgname-and-test-fails -- -p 2 ./...

bench-shed: assets generate ## Ask for twice as much as the server can do: how long those wait that it serves, and how soon the others know
	go test -count=1 -run TestTwiceTheCapacity -v ./cmd/winddown -args -shed=20s

test-ha: assets generate ## Lose the primary of three PostgreSQL nodes under load, ten times each way (Debian 12, as root)
	@node web/scripts/debian.mjs postgresql patroni etcd-server haproxy iproute2
	go test -tags ha -count=1 -run TestFailover -v -timeout 2h ./cmd/winddown -args -ha.rounds=$(HA_ROUNDS)

chaos: assets generate ## Freeze the database, fill its disk, send a thousand clients, move the clocks, take the names away (Debian, as root)
	@node web/scripts/debian.mjs postgresql faketime
	go test -tags chaos -count=1 -run TestChaos -v -timeout 30m ./cmd/winddown

pentest: assets generate ## Let wapiti, sqlmap and probes of our own look for holes, over TLS (Debian, as root)
	@node web/scripts/debian.mjs wapiti sqlmap
	go test -tags pentest -count=1 -run TestPentest -v -timeout 2h ./cmd/winddown

test-office: build ## Open the files of the register with LibreOffice (as root on Debian it is installed)
	@node web/scripts/office.mjs

test-walk: assets generate ## Let twenty people of three firms send 10,000 random requests: nobody sees a stranger's case
	go test -run TestARandomWalk ./internal/server -walk.steps 10000 -v

test-mail: assets ## Send two thousand letters from two processes, the second half while they are killed now and then
	go test -count=1 -run TestLettersSurviveKills -v ./cmd/winddown -args -letters=1000

test-crash: assets ## Kill the program amid ticks and uploads, ten times each: nothing acknowledged is lost
	go test -count=1 -run TestNothingAcknowledgedIsLost -v ./cmd/winddown -args -kills=10

.PHONY: test-backup
test-backup: assets ## Back up 1,000 sellers amid ticks and uploads, restore, compare, alter bytes
	go test -count=1 -run TestBackupUnderLoad -v ./cmd/winddown -args -backup.sellers=1000

test-import: assets ## Load a table of 5,000 rows with 200 planted faults, and say how long it took
	go test -count=1 -run TestImportOfALongTable -v ./internal/site -args -import.rows=5000

bench: bin/bench ## Measure ticks, pages and the register against a bare server, with every bar
	bin/bench table

bench-scale: bin/bench ## Read the register among a thousand, a hundred thousand and a million cases
	bin/bench scale

bench-live: bin/bench ## Keep five thousand pages open while changes are written
	bin/bench live

bench-login: bin/bench ## Does the time of a refused login tell whether there is an account?
	bin/bench login

bench-steady: bin/bench ## Twenty minutes of mixed load at half of what it can do: what grows?
	bin/bench steady

.PHONY: bin/bench
bin/bench: build
	go build -o $@ ./internal/bench

lint: assets ## Run the linters
	go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION) run

licenses: assets ## List other people's code in the binary, with its licenses; fails on one that is not allowed
	@node web/scripts/bom.mjs licenses

sbom: assets ## Write the bill of materials, bin/winddown.cdx.json (CycloneDX)
	@mkdir -p bin
	@node web/scripts/bom.mjs sbom bin/winddown.cdx.json

reproducible: assets ## Build the commit twice, in two folders and with an empty cache, and compare
	@BUILD="$(BUILD)" node web/scripts/reproducible.mjs

# Minimizing what reaches new code takes a minute a time otherwise, and most of a short run.
fuzz: assets ## Run every fuzz target for FUZZTIME (30s) each; says at the end which failed
	@failed=; for pkg in $$(grep -rlE '^func Fuzz' --include=*_test.go cmd internal | xargs -n1 dirname | sort -u); do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9]+' $$pkg/*_test.go | cut -d' ' -f2); do \
			echo "$$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5s ./$$pkg || failed="$$failed $$target"; \
		done; \
	done; \
	[ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

screenshots: build ## Make the pictures of the README anew
	@node web/scripts/chromium.mjs
	cd web && node scripts/screenshots.mjs

clean: ## Remove what was built; data in .winddown stay
	rm -rf bin web/node_modules web/static/dist/*
