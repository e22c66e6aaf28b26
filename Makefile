# Needs Go, Python 3.11 or later and git. Everything else comes through the go command.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: bench build check check-mapping demo golden hand-back soak test try

# The main job on this machine: an emulated AWS organization, the program, a Port.
demo:
	@go build -o bin/demo ./internal/lab/demo
	@exec bin/demo

# What sam deploy deploys. Plain sam build does too; this makes the functions half as large. Never --cached: it
# looks at a function's own folder and would ship yesterday's binary after a change in internal/.
build: export CGO_ENABLED = 0
build: export GOFLAGS = -trimpath -tags=lambda.norpc '-ldflags=-s -w'
build:
	sam build

# One run with your AWS credentials and your Port, without deploying anything. It only says what it
# would do, unless APPLY=1. ACCOUNTS=, KINDS= and REGIONS= narrow it, SETUP=1 and ADOPT=1 are the options of these names
# (make hands them on as environment).
try:
	@go build -o bin/local ./functions/local
	@exec bin/local

# The race detector needs a C compiler; where there is none, go sets CGO_ENABLED=0. The lab comes last: its functions
# have time-outs of a few seconds, and should not have to share the machine with all the others.
test:
	@case "$$(go env CGO_ENABLED)" in \
		1) race=-race ;; \
		*) echo "no C compiler, so without the race detector" ;; \
	esac; \
	go test $$race $$(go list ./... | grep -v /internal/lab) && go test ./internal/lab/...

check:
	@gofmt -l . | (! grep .)
	@go vet ./...
	@go run $(STATICCHECK) ./...
	@go test ./internal/house

# Checks a mapping's FILE (YAML or JSON) without AWS and Port: what is wrong, what it reads and needs,
# and with SAMPLE=raw.json, raw resources, the entities they become.
check-mapping:
	@go run ./functions/checkmapping -file "$(FILE)" -sample "$(SAMPLE)"

# Makes the integration ready for Ocean to go on with: says what of its mapping Ocean does not take, and with APPLY=1
# takes it out. Settings are those of make try.
hand-back:
	@go run ./functions/handback

# Writes what the tests of kinds and mapping want anew, and the policy of the member role. The diff is the review.
golden:
	go test ./internal/kinds ./internal/mapping -update
	go test ./internal/house -run TheMemberRole -update

bench:
	go test -run '^$$' -bench . -benchmem ./...

# Tens of thousands of campaigns against the rules of proof, with a summary of what they met. Failing ones
# print how to play them again. SEEDS= says how many.
soak:
	go test ./internal/run -run NoFault -seeds $(or $(SEEDS),20000) -timeout 0 -v | grep -v -e '^ *--- PASS' -e '^=== '
