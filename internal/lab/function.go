package lab

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// function is a function as it is deployed.
type function struct {
	Configuration struct {
		FunctionName, FunctionArn, CodeSha256, Role string
		Timeout, MemorySize                         int
		Environment                                 struct{ Variables map[string]string }
		LoggingConfig                               struct{ LogFormat, ApplicationLogLevel string }
	}
	Code        struct{ Location string }
	Concurrency struct{ ReservedConcurrentExecutions *int }

	state   string // differs once anything above does
	folder  string // its code
	idle    []*sandbox
	busy    int
	retired bool // another state of it is deployed
}

func (f *function) name() string { return f.Configuration.FunctionName }
func (f *function) timeout() time.Duration {
	return time.Duration(f.Configuration.Timeout) * time.Second
}

// lookup is a function as it is deployed now. When anything about it has changed, new processes serve it,
// as on AWS.
func (h *Host) lookup(ctx context.Context, name string) (*function, error) {
	f := &function{}
	if err := h.desk.get(ctx, "lambda", "/2015-03-31/functions/"+url.PathEscape(name), f); err != nil {
		return nil, err
	}
	state, err := json.Marshal([]any{f.Configuration, f.Concurrency})
	if err != nil {
		return nil, err
	}
	f.state = string(state)
	h.deploying.Lock()
	defer h.deploying.Unlock()
	if known := h.deployed(f); known != nil {
		return known, nil
	}
	f.folder = filepath.Join(h.folder, f.name(), url.PathEscape(f.Configuration.CodeSha256))
	if err := unpack(ctx, f.Code.Location, f.folder); err != nil {
		return nil, fmt.Errorf("code of %s: %w", f.name(), err)
	}
	h.replace(f)
	return f, nil
}

func (h *Host) deployed(f *function) *function {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known := h.functions[f.name()]; known != nil && known.state == f.state {
		return known
	}
	return nil
}

func (h *Host) replace(f *function) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if old := h.functions[f.name()]; old != nil {
		old.retired = true
		for _, s := range old.idle {
			go s.process.stop()
		}
		old.idle = nil
	}
	h.functions[f.name()] = f
}

// unpack puts the files of a ZIP at a URL into a folder, unless they are there.
func unpack(ctx context.Context, location, folder string) error {
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	packed, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = errors.New(answer.Status)
	}
	if err != nil {
		return err
	}
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return err
	}
	if err := os.CopyFS(folder, archive); err != nil {
		return err
	}
	bootstrap := filepath.Join(folder, "bootstrap")
	if _, err := os.Stat(bootstrap); err != nil {
		return nil // an invocation says so
	}
	return os.Chmod(bootstrap, 0o755)
}
