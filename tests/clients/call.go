// One GET by Go's net/http: call default|proxy-url URL. Token from CALL_TOKEN. Exit status 0 for an answer of 200.
// CALL_INSECURE=1: certificates are not verified. "proxy-url": through the proxy that HTTP_PROXY names, set in the program; by the variable alone Go leaves out loopback targets.
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
)

func main() {
	if err := call(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func call(client, target string) error {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: os.Getenv("CALL_INSECURE") == "1"}
	if client == "proxy-url" {
		proxy, err := url.Parse(os.Getenv("HTTP_PROXY"))
		if err != nil {
			return err
		}
		transport.Proxy = http.ProxyURL(proxy)
	}
	request, err := http.NewRequest("GET", target, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("CALL_TOKEN"))
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer is %s", response.Status)
	}
	return nil
}
