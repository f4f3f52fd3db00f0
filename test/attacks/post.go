package attacks

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"executorpool.dev/executor/api"
)

// post submits the request to the executor at url. Any other response than a result is an error.
func post(ctx context.Context, url string, request api.Request) (result api.Result, err error) {
	body, err := json.Marshal(request)
	if err != nil {
		return result, err
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, url+api.PathExecute, bytes.NewReader(body))
	if err != nil {
		return result, err
	}
	post.Header.Set(api.HeaderContentType, api.ContentTypeJSON)
	response, err := http.DefaultClient.Do(post)
	if err != nil {
		return result, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return result, err
	}
	if response.StatusCode != http.StatusOK {
		return result, fmt.Errorf("status %d: %s", response.StatusCode, answer)
	}
	return result, json.Unmarshal(answer, &result)
}
