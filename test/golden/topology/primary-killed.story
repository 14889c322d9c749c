5.8s * the server of s-0 is killed; its container starts again, empty
5.8s intent Failover epoch 2 s-1 from s-0 (PrimaryStopped)
5.9s promote s-1 over epoch 1
6.0s establish s-1 epoch 2 n 3 w 1 replicas s-2
6.7s mark epoch 2 n 3 w 1: NewEpoch
6.8s label off s-0 on s-1
7.0s clear Failover epoch 2 s-1 from s-0 (PrimaryStopped): FailedOver
7.1s describe s-0 unjoined
7.2s prepare s-0
7.3s join s-0 to s-1
9.5s describe s-0 replica readable joined
some acknowledged writes are lost
