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
	"path/filepath"
	"strings"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

const (
	hub         = "123456789012" // the management account, in which the program runs
	region      = "eu-west-1"    // and where
	integration = "northwind"
	appType     = "aws-v3"
	version     = "0.1.0" // of the integration; Port wants one
	externalID  = "northwind-port"
	patience    = time.Minute            // for what takes a second: a local run, or to start moto
	localRole   = "northwind-local-read" // what local runs enter accounts with
)

//go:embed blueprints.json
var blueprints []byte

//go:embed mapping.json
var mapping []byte

// Lab is the running system. One at a time may use it; several can run on one machine.
type Lab struct {
	World  *World           // as it is now
	AWS    *Proxy           // all that calls AWS meets it
	Lambda *Host            // runs the functions of stacks
	Port   *porttest.Server // has the blueprints and the integration

	tell            func(string)
	root            string // the checkout
	folder          string // goes with the lab
	python          string
	emulator        *emulator
	desk            desk // asks the emulator
	awsURL, portURL string
	servers         []*http.Server
	compiled        map[string]bool   // functions that are commands, by name
	built           map[string]string // where the functions of a folder's template are
	parameters      map[string]string // of the last deployment
}

// Open starts an emulated AWS organization and a Port for the checkout in the folder root. It tells what
// takes time. ctx's end ends all processes; Close is due also then.
func Open(ctx context.Context, root string, tell func(string)) (*Lab, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	l := &Lab{tell: tell, root: root, built: map[string]string{}, compiled: map[string]bool{}}
	if err := l.open(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Lab) open(ctx context.Context) (err error) {
	if l.folder, err = os.MkdirTemp("", "port-aws-sync-"); err != nil {
		return err
	}
	if l.python, err = Python(ctx, l.root, l.tell); err != nil {
		return err
	}
	if err := l.openPort(); err != nil {
		return err
	}
	if err := l.openAWS(ctx); err != nil {
		return err
	}
	return l.seed(ctx, "build")
}

func (l *Lab) openPort() (err error) {
	var seed porttest.Seed
	var config map[string]any
	err = errors.Join(json.Unmarshal(blueprints, &seed.Blueprints), json.Unmarshal(mapping, &config))
	if err != nil {
		return err
	}
	seed.Integration = map[string]any{
		"installationId": integration, "installationAppType": appType, "version": version, "config": config,
	}
	l.Port = porttest.New(porttest.Options{})
	if err := l.Port.Seed(seed); err != nil {
		return err
	}
	l.portURL, err = l.serve(l.Port)
	return err
}

// openAWS starts the emulator and what stands before it. Each knows where the other listens.
func (l *Lab) openAWS(ctx context.Context) error {
	public, err := listen()
	if err != nil {
		return err
	}
	l.awsURL = "http://" + public.Addr().String()
	l.emulator, err = startEmulator(ctx, l.python, filepath.Join(l.folder, "aws"), l.awsURL)
	if err != nil {
		return errors.Join(err, public.Close())
	}
	l.desk = desk{url: l.emulator.url}
	at, err := url.Parse(l.emulator.url)
	if err != nil {
		return errors.Join(err, public.Close())
	}
	// What it would log are calls that a run has given up.
	l.AWS = NewProxy(at, log.New(io.Discard, "", 0))
	l.Lambda = newHost(ctx, l.AWS, l.desk, l.awsURL, filepath.Join(l.folder, "functions"))
	l.AWS.invoke = l.Lambda
	l.AWS.rights = newRights(l.desk)
	l.accept(public, l.AWS)
	runtime, err := l.serve(http.HandlerFunc(l.Lambda.serveRuntime))
	l.Lambda.runtime = strings.TrimPrefix(runtime, "http://")
	return err
}

func listen() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

func (l *Lab) serve(h http.Handler) (string, error) {
	at, err := listen()
	if err != nil {
		return "", err
	}
	l.accept(at, h)
	return "http://" + at.Addr().String(), nil
}

func (l *Lab) accept(at net.Listener, h http.Handler) {
	s := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	l.servers = append(l.servers, s)
	go s.Serve(at)
}

// Remap gives the integration another mapping, as a person does; nil is the one that it had.
func (l *Lab) Remap(config map[string]any) error {
	if config == nil {
		if err := json.Unmarshal(mapping, &config); err != nil {
			return err
		}
	}
	return l.Port.EditConfig(integration, config)
}

// PressResync presses the integration's resync button in Port.
func (l *Lab) PressResync() error { return l.Port.RequestResync(integration) }

// Change lets things happen in the World, and tells which.
func (l *Lab) Change(ctx context.Context) error { return l.seed(ctx, "change") }

// Crowd gives the account payments more topics than a short invocation can read.
func (l *Lab) Crowd(ctx context.Context) error { return l.seed(ctx, "crowd") }

// Stir lets a few resources come to the account payments, and one go.
func (l *Lab) Stir(ctx context.Context) error { return l.seed(ctx, "stir") }

// Leave lets the account sandbox leave the organization.
func (l *Lab) Leave(ctx context.Context) error { return l.seed(ctx, "leave") }

// Roll lets things happen in all accounts as the dice of a number have it.
func (l *Lab) Roll(ctx context.Context, number uint64) error {
	return l.seed(ctx, fmt.Sprint("roll-", number))
}

// Variety gives the account payments one of each kind that the emulator has and the World does not.
func (l *Lab) Variety(ctx context.Context) error { return l.seed(ctx, "variety") }

func (l *Lab) seed(ctx context.Context, act string) error {
	ctx, done := l.patiently(ctx)
	defer done()
	w, err := seed(ctx, l.python, l.emulator.url, act, l.World, l.tell)
	if err == nil {
		l.World = w
	}
	return err
}

// patiently bounds what takes a second: by time, and by the emulator's own life.
func (l *Lab) patiently(ctx context.Context) (context.Context, func()) {
	ctx, done := l.during(ctx)
	ctx, late := context.WithTimeoutCause(ctx, patience, fmt.Errorf("it has not ended after %s", patience))
	return ctx, func() { late(); done() }
}

// during bounds what needs the emulator by its life.
func (l *Lab) during(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-l.emulator.ended:
			cancel(l.emulator.err)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// Close ends all that was started and removes what was written, except for .venv.
func (l *Lab) Close() error {
	if l.Lambda != nil {
		l.Lambda.close()
	}
	if l.emulator != nil {
		l.emulator.close()
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
