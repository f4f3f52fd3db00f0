# The images of the project: `docker build --target executor .`, or the same with buildah.
# A builder without stage pruning builds `manager` without compilers, because its stage comes first.

FROM docker.io/library/golang:1.26-bookworm AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false"
ARG VERSION=dev
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    go build -ldflags "-s -w -X main.version=${VERSION}" -o /out/ ./cmd/manager ./cmd/executor ./cmd/rehearse


FROM scratch AS manager
COPY --from=build /out/manager /manager
USER 65532:65532
ENTRYPOINT ["/manager"]


FROM scratch AS rehearse
COPY --from=build /out/rehearse /rehearse
USER 65532:65532
ENTRYPOINT ["/rehearse"]


FROM docker.io/library/debian:bookworm-slim AS executor
# A fixed default keeps dates out of the files that Debian's scripts write.
ARG SOURCE_DATE_EPOCH=0
COPY executor/toolchain/packages /tmp/packages
# The compilers are one layer below the program, so a new executor adds one small layer.
RUN set -eu; \
    printf '%s\n' 'path-exclude /usr/share/doc/*' 'path-exclude /usr/share/man/*' \
        'path-exclude /usr/share/info/*' 'path-exclude /usr/share/locale/*' \
        'path-exclude /usr/share/lintian/*' > /etc/dpkg/dpkg.cfg.d/trim; \
    export DEBIAN_FRONTEND=noninteractive; \
    mkdir -p /usr/share/man/man1; \
    apt-get update; \
    apt-get install --yes --no-install-recommends $(cat /tmp/packages); \
    groupadd --gid 10001 executor; \
    useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin executor; \
    rm -rf /usr/lib/jvm/*/jmods /usr/share/go-*/test /usr/share/go-*/api \
        /usr/share/doc/* /usr/share/man/* /usr/share/info/* /usr/share/locale/* \
        /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/cache/ldconfig/* \
        /var/lib/dpkg/*-old /var/log/* /tmp/* /etc/*-
COPY executor/toolchain/prepare.sh /tmp/prepare.sh
RUN /tmp/prepare.sh && rm /tmp/prepare.sh
COPY executor/toolchain/languages.yaml /etc/executor/languages.yaml
COPY --from=build /out/executor /usr/local/bin/executor
ENV LANG=C.UTF-8
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["/usr/local/bin/executor"]
CMD ["serve"]
