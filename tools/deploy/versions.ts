/** The programs that check the chart without a cluster, as Go modules with their versions. */
export const CHECKERS = {
  helm: 'helm.sh/helm/v4/cmd/helm@v4.3.1',
  kubeconform: 'github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0',
  'kube-score': 'github.com/zegl/kube-score/cmd/kube-score@v1.20.0',
  conftest: 'github.com/open-policy-agent/conftest@v0.71.1',
} as const;

/** The version of Kubernetes whose schemas the chart is checked against: that of `SCHEMA_PACKAGE`. */
export const KUBERNETES_VERSION = '1.37.0';

/** The package of PyPI with these schemas. */
export const SCHEMA_PACKAGE = `kubernetes-validate==${KUBERNETES_VERSION}`;

/** The modules with the definitions of custom resources, and the files of those that the chart uses. */
export const CUSTOM_RESOURCES = [
  {
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    folder: 'example/prometheus-operator-crd',
    files: ['monitoring.coreos.com_podmonitors.yaml', 'monitoring.coreos.com_prometheusrules.yaml'],
  },
  {
    module: 'github.com/kedacore/keda/v2',
    version: 'v2.21.0',
    folder: 'config/crd/bases',
    files: ['keda.sh_scaledobjects.yaml'],
  },
  {
    module: 'sigs.k8s.io/gateway-api',
    // 1.7.0 needs Go 1.27.
    version: 'v1.6.3',
    folder: 'config/crd/standard',
    files: ['gateway.networking.k8s.io_httproutes.yaml'],
  },
  {
    module: 'github.com/kserve/kserve',
    version: 'v0.19.0',
    folder: 'config/crd/full',
    files: ['serving.kserve.io_servingruntimes.yaml', 'serving.kserve.io_inferenceservices.yaml'],
  },
] as const;

/** The version of the builder of the Collector in `receiving-collector.yaml`. */
export const RECEIVING_COLLECTOR_VERSION = 'v0.150.0';

/** The version of the API server that is asked about every manifest. Its modules are k8s.io/kubernetes 1.N and k8s.io/api 0.N. */
export const API_SERVER_VERSION = '1.37.2';
