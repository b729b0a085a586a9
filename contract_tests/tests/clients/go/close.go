// A small, correct client of the close endpoint: Go's standard library alone.
//
// It says closed or not_closed only when Huifu said so, signed, about this very order. After any doubt it asks
// closequery; it never sends a close with a new number.
package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

const mostBytes = 1 << 20

var (
	lengths = map[string]int{"req_seq_id": 128, "huifu_id": 32, "org_req_seq_id": 128, "org_hf_seq_id": 128}
	echoed  = []string{"req_date", "req_seq_id", "huifu_id"}
	named   = []string{"huifu_id", "org_req_date", "org_req_seq_id", "org_hf_seq_id"}
	// With F these say that nothing was done; 23000000 does not, for it may speak of an earlier close.
	certain  = map[string]bool{"10000000": true, "21000000": true, "22000000": true, "23000001": true, "23000004": true}
	system   = map[string]bool{"90000000": true, "98888888": true, "99999999": true}
	beijing  = time.FixedZone("Beijing", 8*3600)
	errDoubt = errors.New("no whole, genuine reply to this request")
)

// Said is what a close ends with; closed and not_closed are certain, rejected sent nothing.
type Said struct {
	Verdict  string
	Reply    map[string]any
	Attempts int
}

// CloseClient closes orders. Its zero times are not usable: use NewCloseClient.
type CloseClient struct {
	BaseURL          string
	Config           map[string]string
	Timeout, Attempt time.Duration
	Attempts         int
	FirstPause       time.Duration
	merchant         *rsa.PrivateKey
	huifu            *rsa.PublicKey
	http             *http.Client
}

// NewCloseClient reads the keys: one line of Base64 each, PKCS8 and X.509.
func NewCloseClient(baseURL string, config map[string]string) (*CloseClient, error) {
	made := &CloseClient{BaseURL: baseURL, Config: config, Timeout: 15 * time.Second, Attempt: 5 * time.Second,
		Attempts: 5, FirstPause: 100 * time.Millisecond}
	der, err := base64.StdEncoding.DecodeString(config["merchant_private_key"])
	if err != nil {
		return nil, err
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	if der, err = base64.StdEncoding.DecodeString(config["huifu_public_key"]); err != nil {
		return nil, err
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, err
	}
	var isKey bool
	if made.merchant, isKey = private.(*rsa.PrivateKey); !isKey {
		return nil, errors.New("merchant_private_key is no RSA key")
	}
	if made.huifu, isKey = public.(*rsa.PublicKey); !isKey {
		return nil, errors.New("huifu_public_key is no RSA key")
	}
	made.http = &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return made, nil
}

// Close sends a close and goes on until something is certain, or time or attempts run out.
func (c *CloseClient) Close(params map[string]string) (Said, error) {
	data := map[string]string{"req_date": today(), "req_seq_id": fresh(), "huifu_id": c.Config["huifu_id"]}
	for name, value := range params {
		data[name] = value
	}
	for name, most := range lengths {
		if utf8.RuneCountInString(data[name]) > most {
			return Said{Verdict: "rejected"}, nil
		}
	}
	if data["org_req_seq_id"] == "" && data["org_hf_seq_id"] == "" {
		return Said{Verdict: "rejected"}, nil
	}
	until := time.Now().Add(c.Timeout)
	standing, said := "doubt", Said{}
	for gap := c.FirstPause; ; gap *= 2 {
		asking := said.Attempts > 0 && standing != "busy" && standing != "resend"
		op, sent := "close", data
		if asking {
			op, sent = "closequery", query(data)
		}
		reply, err := c.exchange(op, sent, until)
		if err != nil && !errors.Is(err, errDoubt) {
			return said, err
		}
		if reply != nil {
			said.Reply = reply
		}
		if asking {
			standing = afterQuery(reply, standing)
		} else {
			standing = afterClose(reply)
		}
		said.Attempts++
		if standing == "closed" || standing == "not_closed" {
			said.Verdict = standing
			return said, nil
		}
		// time makes these clear, and the application can ask again later
		enough := standing == "young" || said.Attempts >= 3 && (standing == "busy" || standing == "pending")
		if enough || said.Attempts >= c.Attempts || !time.Now().Add(gap).Before(until) {
			break
		}
		time.Sleep(gap)
	}
	said.Verdict = "unknown"
	if standing == "young" || standing == "pending" {
		said.Verdict = "pending"
	}
	return said, nil
}

// canonical is what is signed: top-level names in order, compact, nothing escaped that need not be.
// encoding/json escapes < > & unless told otherwise, and ends with a line feed. U+2028 and U+2029 it always
// escapes, as most vendor libraries do.
func canonical(data any) ([]byte, error) {
	var made bytes.Buffer
	encoder := json.NewEncoder(&made)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(data); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(made.Bytes(), []byte("\n")), nil
}

// exchange gives the data of a whole, genuine reply to this very request, or errDoubt.
func (c *CloseClient) exchange(op string, data map[string]string, until time.Time) (map[string]any, error) {
	text, err := canonical(data)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(text)
	signature, err := rsa.SignPKCS1v15(rand.Reader, c.merchant, crypto.SHA256, digest[:])
	if err != nil {
		return nil, err
	}
	body, err := canonical(map[string]any{
		"sys_id": c.Config["sys_id"], "product_id": c.Config["product_id"],
		"sign": base64.StdEncoding.EncodeToString(signature), "data": data,
	})
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(c.Attempt)
	if until.Before(deadline) {
		deadline = until
	}
	received, err := c.post("/v2/trade/payment/scanpay/"+op, body, deadline)
	if err != nil || !utf8.Valid(received) {
		return nil, errDoubt
	}
	var envelope struct {
		Data map[string]json.RawMessage `json:"data"`
		Sign string                     `json:"sign"`
	}
	reader := json.NewDecoder(bytes.NewReader(received))
	if reader.Decode(&envelope) != nil || envelope.Data == nil {
		return nil, errDoubt
	}
	if _, err = reader.Token(); !errors.Is(err, io.EOF) {
		return nil, errDoubt
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(envelope.Sign)
	if err != nil {
		return nil, errDoubt
	}
	// the values as they came, numbers and objects alike; each name once: a member that stands twice cannot pass
	if text, err = canonical(envelope.Data); err != nil {
		return nil, errDoubt
	}
	digest = sha256.Sum256(text)
	if rsa.VerifyPKCS1v15(c.huifu, crypto.SHA256, digest[:], raw) != nil {
		return nil, errDoubt
	}
	var reply map[string]any
	if json.Unmarshal(text, &reply) != nil || !answers(reply, data) {
		return nil, errDoubt
	}
	return reply, nil
}

// post gives the body of a whole reply with status 200, all of it before the deadline.
func (c *CloseClient) post(path string, body []byte, deadline time.Time) ([]byte, error) {
	whole, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	request, err := http.NewRequestWithContext(whole, http.MethodPost, c.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json;charset=UTF-8")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	received, err := io.ReadAll(io.LimitReader(response.Body, mostBytes+1))
	if err == nil && (response.StatusCode != http.StatusOK || len(received) > mostBytes) {
		err = errDoubt
	}
	return received, err
}

// answers: a genuine reply to another request is no reply to this one.
func answers(reply map[string]any, sent map[string]string) bool {
	for _, name := range echoed {
		if reply[name] != any(sent[name]) {
			return false
		}
	}
	for _, name := range named {
		value, wanted := sent[name]
		if wanted && reply[name] != nil && reply[name] != any(value) {
			return false
		}
	}
	return true
}

func afterClose(reply map[string]any) string {
	code, _ := reply["resp_code"].(string)
	switch reply["trans_stat"] {
	case "S":
		return "closed"
	case "P":
		return "pending"
	case "F":
		text, _ := reply["resp_desc"].(string)
		switch {
		case code == "20000001" && strings.Contains(text, "一分钟"):
			return "young"
		case code == "20000001":
			return "busy"
		case certain[code]:
			return "not_closed"
		case !system[code]:
			return "refused"
		}
	}
	return "doubt"
}

// afterQuery: 23000001 says here that Huifu knows of no close (assumed).
func afterQuery(reply map[string]any, standing string) string {
	code, _ := reply["resp_code"].(string)
	switch reply["trans_stat"] {
	case "S":
		return "closed"
	case "P":
		return "pending"
	case "F":
		switch {
		case code == "23000001" && standing == "refused":
			return "not_closed"
		case code == "23000001":
			return "resend"
		case code == "00000000" || code == "00000100":
			return "not_closed"
		}
	}
	return standing
}

func query(data map[string]string) map[string]string {
	made := map[string]string{"req_date": today(), "req_seq_id": fresh()}
	for _, name := range named {
		if value, given := data[name]; given {
			made[name] = value
		}
	}
	return made
}

func today() string {
	return time.Now().In(beijing).Format("20060102")
}

func fresh() string {
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		panic(err)
	}
	return hex.EncodeToString(raw)
}
