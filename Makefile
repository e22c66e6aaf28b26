# Needs Go, Python 3.11 or later and git. Everything else comes through the go command.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
ACTIONLINT = github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
LAMBDA_ZIP = github.com/aws/aws-lambda-go/cmd/build-lambda-zip@v1.55.1
CYCLONEDX = github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

.PHONY: bench build check check-mapping demo doctor golden hand-back release soak test try

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

# What a release consists of, in DIST: for each of ARCHITECTURES the functions, the program that needs no Lambda and a
# template that takes them as they are; what they were made of; checksums. The same source and Go give the same bytes.
DIST = dist
ARCHITECTURES = arm64 amd64
release: export CGO_ENABLED = 0
release: export GOOS = linux
release:
	@rm -rf "$(DIST)" && mkdir -p "$(DIST)"
	@cp functions/run.asl.yaml stacksets/*.yaml samconfig.toml LICENSE "$(DIST)"
	@set -e; here=$$(cd "$(DIST)" && pwd); \
	version=v$$(sed -n 's/^const Version = "\(.*\)"/\1/p' functions/functions.go); \
	tool() { GOOS= GOFLAGS= go run "$$@"; }; \
	for arch in $(ARCHITECTURES); do \
		for name in $$(sed -n 's|.* CodeUri: functions/||p' template.yaml) local; do \
			GOARCH=$$arch go build -trimpath -buildvcs=false -tags=lambda.norpc -ldflags='-s -w' -o "$$here/bootstrap" ./functions/$$name; \
			tool $(CYCLONEDX) bin -json -noserial -notimestamp -std -version $$version -output "$$here/$${name}_$$arch.cdx.json" "$$here/bootstrap"; \
			case $$name in \
				local) mv "$$here/bootstrap" "$$here/port-aws-sync_$$arch" ;; \
				*) tool $(LAMBDA_ZIP) -o "$$here/$${name}_$$arch.zip" "$$here/bootstrap" && rm "$$here/bootstrap" ;; \
			esac; \
		done; \
		case $$arch in amd64) processor=x86_64 ;; *) processor=$$arch ;; esac; \
		sed -e "s|CodeUri: functions/\(.*\)|CodeUri: \1_$$arch.zip|" -e '/Metadata: {BuildMethod: go1.x}/d' \
			-e 's|DefinitionUri: functions/|DefinitionUri: |' -e 's|TemplateURL: stacksets/|TemplateURL: |' \
			-e "s|Default: arm64|Default: $$processor|" -e "s|AllowedValues: \[arm64, x86_64\]|AllowedValues: [$$processor]|" \
			template.yaml >"$$here/template_$$arch.yaml"; \
	done; \
	cd "$$here"; sha256sum * >SHA256SUMS; cat SHA256SUMS

# One run with your AWS credentials and your Port, without deploying anything. It only says what it
# would do, unless APPLY=1. ACCOUNTS=, KINDS= and REGIONS= narrow it; REFRESH=1, RETRY=, APPROVE= and PURGE=, SETUP=1 and
# ADOPT=1 are the run options of that name (make hands them on as environment).
try:
	@go build -o bin/local ./functions/local
	@exec bin/local

# Says what keeps runs from being complete, and how to mend it: of a STACK, or with your AWS credentials and the
# settings that make try takes. ACCOUNTS= narrows it, JSON=1 writes JSON; it fails where there is a problem.
doctor:
	@go build -o bin/doctor ./functions/doctor
	@exec bin/doctor

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
	@go run $(ACTIONLINT) .github/workflows/*.yml
	@go test ./internal/house

# Checks a mapping's FILE (YAML or JSON) without AWS and Port: what is wrong, what it reads and needs,
# and with SAMPLE=raw.json, raw resources, the entities they become.
check-mapping:
	@go run ./functions/checkmapping -file "$(FILE)" -sample "$(SAMPLE)"

# Makes the integration ready for Ocean to go on with: says what of its mapping Ocean does not take, and with APPLY=1
# takes it out. Settings are those of make try.
hand-back:
	@go run ./functions/handback

# Writes what the tests of kinds and mapping want anew, the policy of the member roles and docs/troubleshooting.md. The diff is the review.
golden:
	go test ./internal/kinds ./internal/mapping -update
	go test ./internal/house -run 'TheMemberRoleMay|TheDocsTell' -update

bench:
	go test -run '^$$' -bench . -benchmem ./...

# Tens of thousands of campaigns against the rules of proof, with a summary of what they met. Failing ones
# print how to play them again. SEEDS= says how many.
soak:
	go test ./internal/run -run NoFault -seeds $(or $(SEEDS),20000) -timeout 0 -v | grep -v -e '^ *--- PASS' -e '^=== '
