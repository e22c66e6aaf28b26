package lab

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Denial is a refusal, and which calls meet it: empty fields admit every call.
type Denial struct {
	Account   string // the one whose role calls or, in sts:AssumeRole, is to be entered
	Region    string
	Service   string // as signatures name it: ec2
	Operation string // DescribeInstances; calls of S3 have none
	Because   string // what AWS adds to "… is not authorized to perform …", may be empty
}

// SCP is Denial.Because where a service control policy forbids a call.
const SCP = "with an explicit deny in a service control policy: " +
	"arn:aws:organizations::aws:policy/o-demo/service_control_policy/p-demo"

// Proxy hands AWS calls on to an emulator, which has no rights management, and refuses those that a
// Denial names, in AWS's words. It is safe for concurrent use.
type Proxy struct {
	forward *httputil.ReverseProxy

	mu      sync.Mutex
	denials []*Denial
	keys    map[string]string // the account by access key, for keys that AssumeRole gave out
}

// NewProxy is a Proxy before the emulator at a URL. It logs calls that do not reach it.
func NewProxy(emulator *url.URL, failures *log.Logger) *Proxy {
	p := &Proxy{keys: map[string]string{}}
	p.forward = &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(emulator) },
		ModifyResponse: p.learn,
		ErrorLog:       failures,
	}
	return p
}

// Deny refuses calls from now on; lift ends that.
func (p *Proxy) Deny(d Denial) (lift func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := &d
	p.denials = append(p.denials, one)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.denials = slices.DeleteFunc(p.denials, func(d *Denial) bool { return d == one })
	}
}

// ServeHTTP answers for AWS.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := read(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if d, refused := p.refuses(&c); refused {
		c.refuse(w, d.Because)
		return
	}
	p.forward.ServeHTTP(w, r)
}

// refuses looks for a denial of the call, whose account it fills in.
func (p *Proxy) refuses(c *call) (Denial, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.role == "" {
		c.account = p.keys[c.key]
	}
	for _, d := range p.denials {
		if (d.Account == "" || d.Account == c.account) && (d.Region == "" || d.Region == c.region) &&
			(d.Service == "" || d.Service == c.service) && (d.Operation == "" || d.Operation == c.operation) {
			return *d, true
		}
	}
	return Denial{}, false
}

var (
	accessKey   = regexp.MustCompile(`<AccessKeyId>(.+?)</AccessKeyId>`)
	assumedRole = regexp.MustCompile(`arn:[a-z-]+:sts::([0-9]{12}):assumed-role/`)
)

// learn notes whose credentials STS gives out.
func (p *Proxy) learn(r *http.Response) error {
	if !strings.Contains(r.Request.Header.Get("Authorization"), "/sts/") {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	key, role := accessKey.FindSubmatch(body), assumedRole.FindSubmatch(body)
	if key != nil && role != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.keys[string(key[1])] = string(role[1])
	}
	return nil
}
