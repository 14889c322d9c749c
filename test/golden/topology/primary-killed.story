6.3s * the server of s-0 is killed; its container starts again, empty
6.7s intent Failover epoch 2 s-1 from s-0 (PrimaryStopped)
6.8s promote s-1 over epoch 1
6.9s establish s-1 epoch 2 n 3 w 1 replicas s-2
7.6s mark epoch 2 n 3 w 1: NewEpoch
7.7s label off s-0 on s-1
7.9s clear Failover epoch 2 s-1 from s-0 (PrimaryStopped): FailedOver
8.0s describe s-0 unjoined
8.1s prepare s-0
8.2s join s-0 to s-1
9.6s describe s-0 replica readable joined
some acknowledged writes are lost
