/**
 * Checks of what is deployed: that manifests are what Kubernetes takes, that dashboards and alerts name metrics that a node
 * exports, and that the image has what it should have.
 */
package io.merklite.deploy;
