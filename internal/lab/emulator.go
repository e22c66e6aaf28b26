package lab

import (
	"bufio"
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

//go:embed emulator/*.py
var emulatorScripts embed.FS

// emulator is a running emulator of AWS.
type emulator struct {
	url   string
	stop  context.CancelFunc
	ended chan struct{} // closed once it is gone, for whatever reason
	err   error         // why, once it is
}

// startEmulator starts the emulator out of a folder and waits until it listens. Programs find it at the
// public URL. It ends with stop, or with this process.
func startEmulator(ctx context.Context, python, folder, public string) (*emulator, error) {
	if err := os.CopyFS(folder, emulatorScripts); err != nil {
		return nil, err
	}
	c := exec.Command(python, "-I", "-c", "import sys; sys.path.insert(0, sys.argv[1]); import emulator.server", folder)
	c.Env = alone(
		"MOTO_EC2_LOAD_DEFAULT_AMIS=false", // that would take 71 ms and 4 MB for each account and region
		"MOTO_IAM_LOAD_MANAGED_POLICIES=true",
		"PUBLIC_URL="+public, "AWS_ACCESS_KEY_ID=lab", "AWS_SECRET_ACCESS_KEY=lab",
	)
	if _, err := c.StdinPipe(); err != nil { // it ends when this is closed
		return nil, err
	}
	out, said := io.Pipe()
	last := &tail{}
	c.Stdout, c.Stderr = said, last
	ctx, stop := context.WithCancel(ctx)
	m := &emulator{stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(m.ended)
		m.err = last.explain("moto has ended", cmp.Or(run(ctx, c), errors.New("of its own accord")))
		said.CloseWithError(m.err)
	}()
	slow := time.AfterFunc(patience, func() {
		said.CloseWithError(fmt.Errorf("it does not listen after %s", patience))
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	slow.Stop()
	if err != nil {
		m.close()
		return nil, fmt.Errorf("start moto: %w", err)
	}
	go io.Copy(io.Discard, out)
	m.url = strings.TrimSpace(line)
	return m, nil
}

func (m *emulator) close() {
	m.stop()
	<-m.ended
}
