package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The status of a refusal, and why; no reason: it is let through.
func (given settings) judge(call *http.Request) (int, string) {
	if !given.mayCall(call.RemoteAddr) {
		return http.StatusForbidden, "this address may not"
	}
	patterns, known := given.allowed[call.Method]
	if !known {
		return http.StatusMethodNotAllowed, "this method may not"
	}
	if !slices.ContainsFunc(patterns, func(pattern *regexp.Regexp) bool { return pattern.MatchString(call.URL.Path) }) {
		return http.StatusForbidden, "this path may not"
	}
	if given.binds != nil && creates.MatchString(call.URL.Path) {
		if why := given.forbiddenMount(call); why != "" {
			return http.StatusForbidden, why
		}
	}
	return 0, ""
}

// By network, or by the addresses that a name has just now.
func (given settings) mayCall(remote string) bool {
	host, _, _ := net.SplitHostPort(remote)
	caller := net.ParseIP(host)
	return caller != nil && slices.ContainsFunc(given.from, func(who string) bool {
		if _, network, err := net.ParseCIDR(who); err == nil {
			return network.Contains(caller)
		}
		addresses, _ := net.LookupIP(who)
		return slices.ContainsFunc(addresses, caller.Equal)
	})
}

var creates = regexp.MustCompile(`^(/v[0-9.]+)?/containers/create$`)

type creation struct {
	HostConfig struct {
		Binds       []string
		VolumesFrom []string
		Mounts      []struct {
			Type          string
			Source        string
			VolumeOptions struct {
				DriverConfig struct {
					Name    string
					Options map[string]string
				}
			}
		}
	}
}

// What of the host a new container would see and must not.
func (given settings) forbiddenMount(call *http.Request) string {
	body, err := io.ReadAll(call.Body)
	if err != nil {
		return err.Error()
	}
	call.Body = io.NopCloser(bytes.NewReader(body))
	var asked creation
	if err := json.Unmarshal(body, &asked); err != nil {
		return "what cannot be read cannot be judged"
	}
	if len(asked.HostConfig.VolumesFrom) > 0 {
		return "the mounts of another container"
	}
	var sources []string
	for _, bind := range asked.HostConfig.Binds {
		source, _, _ := strings.Cut(bind, ":")
		sources = append(sources, source)
	}
	for _, mount := range asked.HostConfig.Mounts {
		driver := mount.VolumeOptions.DriverConfig
		switch {
		case mount.Type == "bind":
			sources = append(sources, mount.Source)
		case mount.Type == "volume" && (driver.Name == "" || driver.Name == "local") && regexp.MustCompile(`(^|,) *r?bind *(,|$)`).MatchString(driver.Options["o"]):
			sources = append(sources, driver.Options["device"])
		}
	}
	for _, source := range sources {
		if filepath.IsAbs(source) && !given.mayBind(filepath.Clean(source)) {
			return "no bind of " + source
		}
	}
	return ""
}

func (given settings) mayBind(source string) bool {
	return slices.ContainsFunc(given.binds, func(directory string) bool {
		return directory == "/" || source == directory || strings.HasPrefix(source, directory+"/")
	})
}
