package lab

import (
	"net/http"
	"regexp"
)

// restOperations are what services with REST APIs are asked, which name it by nothing but method and path.
var restOperations = []struct {
	service, method string
	path            *regexp.Regexp
	operation       string
}{
	{"account", http.MethodPost, regexp.MustCompile(`^/listRegions$`), "ListRegions"},
	{"eks", http.MethodGet, regexp.MustCompile(`^/clusters$`), "ListClusters"},
	{"eks", http.MethodGet, regexp.MustCompile(`^/clusters/[^/]+$`), "DescribeCluster"},
	{"kafka", http.MethodGet, regexp.MustCompile(`^/api/v2/clusters$`), "ListClustersV2"},
	{"lambda", http.MethodPost, regexp.MustCompile(`/invocations$`), "Invoke"},
	{"lambda", http.MethodGet, regexp.MustCompile(`/account-settings/?$`), "GetAccountSettings"},
	{"lambda", http.MethodGet, regexp.MustCompile(`^/2015-03-31/functions/?$`), "ListFunctions"},
	{"lambda", http.MethodGet, regexp.MustCompile(`^/2017-03-31/tags/`), "ListTags"},
	{"scheduler", http.MethodGet, regexp.MustCompile(`^/schedules$`), "ListSchedules"},
	{"scheduler", http.MethodGet, regexp.MustCompile(`^/schedules/[^/]+$`), "GetSchedule"},
	{"ses", http.MethodPost, regexp.MustCompile(`^/v2/email/list-identities$`), "ListEmailIdentities"},
	{"ses", http.MethodGet, regexp.MustCompile(`^/v2/email/identities/[^/]+$`), "GetEmailIdentity"},
	{"ses", http.MethodPost, regexp.MustCompile(`^/v2/email/list-configuration-sets$`), "ListConfigurationSets"},
	{"ses", http.MethodGet, regexp.MustCompile(`^/v2/email/configuration-sets/[^/]+$`), "GetConfigurationSet"},
}

// restOperation is "" for what nothing here asks.
func restOperation(service string, r *http.Request) string {
	for _, o := range restOperations {
		if o.service == service && o.method == r.Method && o.path.MatchString(r.URL.Path) {
			return o.operation
		}
	}
	return ""
}
