// Package lab is the whole system on one machine: an emulated AWS organization, our program, and a
// Port that enforces Port's rules. It is for the demo and for tests.
package lab

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

const (
	hub         = "123456789012" // the management account, in which the program runs
	memberRole  = "port-aws-sync-read"
	integration = "northwind"
	version     = "0.1.0"     // of the integration; Port wants one
	patience    = time.Minute // for what takes a second: a run, or to start moto
)

//go:embed blueprints.json
var blueprints []byte

//go:embed mapping.json
var mapping []byte

// Lab is the running system. One at a time may use it; several can run on one machine.
type Lab struct {
	World *World           // as it is now
	AWS   *Proxy           // before moto, which serves the World
	Port  *porttest.Server // has the blueprints and the integration

	tell            func(string)
	python          string
	moto            *moto
	folder          string // goes with the lab
	program         string
	awsURL, portURL string
	servers         []*http.Server
}

// Open starts everything and builds the program from root, the checkout. It says what takes time to
// tell, which may be called by several at once. ctx's end ends all processes; Close is due also then.
func Open(ctx context.Context, root string, tell func(string)) (*Lab, error) {
	l := &Lab{tell: tell}
	if err := l.open(ctx, root); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Lab) open(ctx context.Context, root string) (err error) {
	if l.folder, err = os.MkdirTemp("", "port-aws-sync-"); err != nil {
		return err
	}
	l.program = filepath.Join(l.folder, "local")
	both, inner := errgroup.WithContext(ctx)
	both.Go(func() error { return l.compile(inner, root) })
	both.Go(func() (err error) {
		l.python, err = Python(inner, root, l.tell)
		return err
	})
	if err := both.Wait(); err != nil {
		return err
	}
	if err := l.openPort(); err != nil {
		return err
	}
	return l.openAWS(ctx)
}

func (l *Lab) compile(ctx context.Context, root string) error {
	l.tell("building ./functions/local (a minute when the compiler sees the AWS SDK for the first time)")
	said := &tail{}
	c := exec.Command("go", "build", "-o", l.program, "./functions/local")
	c.Dir, c.Stdout, c.Stderr = root, said, said
	return said.explain("build ./functions/local", run(ctx, c))
}

func (l *Lab) openPort() (err error) {
	var seed porttest.Seed
	var config map[string]any
	err = errors.Join(json.Unmarshal(blueprints, &seed.Blueprints), json.Unmarshal(mapping, &config))
	if err != nil {
		return err
	}
	seed.Integration = map[string]any{
		"installationId": integration, "installationAppType": "aws-v3", "version": version, "config": config,
	}
	l.Port = porttest.New(porttest.Options{})
	if err := l.Port.Seed(seed); err != nil {
		return err
	}
	l.portURL, err = l.serve(l.Port)
	return err
}

func (l *Lab) openAWS(ctx context.Context) (err error) {
	if l.moto, err = startMoto(ctx, l.python); err != nil {
		return err
	}
	emulator, err := url.Parse(l.moto.url)
	if err != nil {
		return err
	}
	// What it would log are calls that a run has given up.
	l.AWS = NewProxy(emulator, log.New(io.Discard, "", 0))
	if l.awsURL, err = l.serve(l.AWS); err != nil {
		return err
	}
	return l.seed(ctx, "build")
}

func (l *Lab) serve(h http.Handler) (string, error) {
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	l.servers = append(l.servers, s)
	go s.Serve(at)
	return "http://" + at.Addr().String(), nil
}

// Change lets things happen in the World, and tells which.
func (l *Lab) Change(ctx context.Context) error { return l.seed(ctx, "change") }

func (l *Lab) seed(ctx context.Context, act string) error {
	ctx, done := l.patiently(ctx)
	defer done()
	w, err := seed(ctx, l.python, l.moto.url, act, l.World, l.tell)
	if err == nil {
		l.World = w
	}
	return err
}

// Run lets the program do one run, with further settings such as APPLY=1, and writes its report to
// out. An error holds the end of its log.
func (l *Lab) Run(ctx context.Context, out io.Writer, settings ...string) error {
	ctx, done := l.patiently(ctx)
	defer done()
	said := &tail{}
	c := exec.Command(l.program)
	c.Dir, c.Stdout, c.Stderr = l.folder, out, said
	c.Env = append(alone(
		"AWS_ENDPOINT_URL="+l.awsURL, "AWS_REGION=eu-west-1",
		"AWS_ACCESS_KEY_ID=hub", "AWS_SECRET_ACCESS_KEY=secret",
		"MEMBER_ROLE_NAME="+memberRole, "EXTERNAL_ID=northwind-port",
		"PORT_BASE_URL="+l.portURL, "PORT_SECRET_ARN="+l.World.Secret,
		"INTEGRATION_IDENTIFIER="+integration, "STATE_BUCKET="+l.World.Bucket,
	), settings...)
	return said.explain("run of functions/local", run(ctx, c))
}

// patiently bounds what is done with moto: by time, and by moto's own life.
func (l *Lab) patiently(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-l.moto.ended:
			cancel(l.moto.err)
		case <-time.After(patience):
			cancel(fmt.Errorf("it has not ended after %s", patience))
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// Close ends all that was started and removes what was written, except for .venv.
func (l *Lab) Close() error {
	if l.moto != nil {
		l.moto.close()
	}
	for _, s := range l.servers {
		s.Close()
	}
	return os.RemoveAll(l.folder)
}

// alone is an environment without the settings that a person has for AWS, proxies and Python.
func alone(settings ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(),
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"AWS_EC2_METADATA_DISABLED=true",
	}, settings...)
}
