package lab

import (
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"sync"
	"time"
)

// Proxy answers for AWS: it lets a Host run functions, hands all other calls on to an emulator, and lets
// calls meet the faults that rules ask for. It is safe for concurrent use.
type Proxy struct {
	forward *httputil.ReverseProxy
	invoke  http.Handler // of functions; nil leaves that to the emulator
	rights  *rights      // of roles; nil allows everything

	mu      sync.Mutex
	faults  []*fault
	callers map[string]caller // by access key
}

// NewProxy is a Proxy before the emulator at a URL. It logs calls that do not reach it.
func NewProxy(emulator *url.URL, failures *log.Logger) *Proxy {
	p := &Proxy{callers: map[string]caller{}}
	p.forward = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(emulator)
			r.Out.Host = r.In.Host
			r.Out.Header.Del(serviceHeader)
		},
		ModifyResponse: p.learn,
		ErrorLog:       failures,
		Transport:      &http.Transport{MaxIdleConnsPerHost: 256},
	}
	return p
}

// ServeHTTP answers for AWS.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := read(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.by = p.who(c.key)
	if c.role == "" {
		c.account = c.by.account
	}
	if p.rights != nil {
		lacks, err := p.rights.refusal(r.Context(), c, r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if lacks != "" {
			c.complain(w, c.denied("because no identity-based policy allows the "+lacks+" action"))
			return
		}
	}
	f := p.fate(c)
	if f.kill != 0 && c.by.sandbox != nil {
		c.by.sandbox.process.signal(f.kill)
	}
	select {
	case <-time.After(f.delay):
	case <-r.Context().Done():
		return
	}
	switch {
	case f.dropBefore:
		panic(http.ErrAbortHandler)
	case f.refuse != nil:
		c.complain(w, f.refuse(c))
	case f.loseAnswer:
		p.answer(nowhere{}, r, c)
		panic(http.ErrAbortHandler)
	default:
		p.answer(w, r, c)
	}
}

func (p *Proxy) answer(w http.ResponseWriter, r *http.Request, c call) {
	if (c.operation == "Invoke" || c.operation == "GetAccountSettings") && p.invoke != nil {
		p.invoke.ServeHTTP(w, r)
		return
	}
	p.forward.ServeHTTP(w, r)
}

// nowhere takes an answer that nobody gets.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}

// who is the caller with an access key: a person of the hub, unless somebody got it from STS.
func (p *Proxy) who(key string) caller {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, known := p.callers[key]; known {
		return c
	}
	return caller{account: hub}
}

// know notes whose access key it is.
func (p *Proxy) know(key string, c caller) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.callers[key] = c
}

var (
	accessKey   = regexp.MustCompile(`<AccessKeyId>(.+?)</AccessKeyId>`)
	assumedRole = regexp.MustCompile(`(arn:[a-z-]+):sts::([0-9]{12}):assumed-role/([^/<]+)`)
)

// learn notes whose credentials STS gives out.
func (p *Proxy) learn(r *http.Response) error {
	asking, _, service := signature(r.Request)
	if service != "sts" && service != "" { // who proves himself by a token does not sign
		return nil
	}
	body, err := peek(&r.Body)
	if err != nil {
		return err
	}
	key, role := accessKey.FindSubmatch(body), assumedRole.FindSubmatch(body)
	if key == nil || role == nil {
		return nil
	}
	by := p.who(asking)
	by.account, by.role = string(role[2]), string(role[1])+":iam::"+string(role[2])+":role/"+string(role[3])
	p.know(string(key[1]), by)
	return nil
}
