package lab

import (
	"bufio"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

//go:embed moto.py
var motoScript string

// moto is a running emulator of AWS.
type moto struct {
	url   string
	stop  context.CancelFunc
	ended chan struct{} // closed once it is gone, for whatever reason
	err   error         // why, once it is
}

// startMoto starts moto and waits until it listens. It ends with stop, or with this process.
func startMoto(ctx context.Context, python string) (*moto, error) {
	c := exec.Command(python, "-I", "-c", motoScript)
	// Loading them would take 71 ms and 4 MB for each account and region.
	c.Env = alone("MOTO_EC2_LOAD_DEFAULT_AMIS=false")
	if _, err := c.StdinPipe(); err != nil { // moto.py ends when it is closed
		return nil, err
	}
	out, said := io.Pipe()
	last := &tail{}
	c.Stdout, c.Stderr = said, last
	ctx, stop := context.WithCancel(ctx)
	m := &moto{stop: stop, ended: make(chan struct{})}
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

func (m *moto) close() {
	m.stop()
	<-m.ended
}
