package lab

import (
	"fmt"
	"sync"
)

// journal keeps what the processes of a function write, up to its last megabytes.
type journal struct {
	mu   sync.Mutex
	text []byte
}

func (j *journal) Write(p []byte) (int, error) {
	const most = 4 << 20
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text = append(j.text, p...)
	if over := len(j.text) - most; over > most/4 {
		j.text = append(j.text[:0], j.text[over:]...)
	}
	return len(p), nil
}

func (j *journal) note(format string, args ...any) { _, _ = fmt.Fprintf(j, format+"\n", args...) }

func (h *Host) journal(function string) *journal {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.journals[function] == nil {
		h.journals[function] = &journal{}
	}
	return h.journals[function]
}

// Logs is what the processes of a function have written, and the host about its invocations.
func (h *Host) Logs(function string) string {
	j := h.journal(function)
	j.mu.Lock()
	defer j.mu.Unlock()
	return string(j.text)
}
